//! Istio resources as operators write them, read strictly.

mod document;
mod envoy_filter;
mod security;

#[cfg(test)]
pub(super) use document::read_str;
pub(super) use document::{Document, read};
pub(super) use envoy_filter::{
    ApplyTo, ConfigPatch, Context, EnvoyFilter, FilterChainMatch, Match, Operation, ProxyMatch,
    RouteAction,
};
pub(super) use security::{AuthorizationPolicy, JwtRule, RequestAuthentication, Rule, Selector};
