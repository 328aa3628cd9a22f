//! Patches of a route configuration, its virtual hosts and their routes.

use prost_reflect::{DynamicMessage, Value};

use super::edit::edit;
use super::matching::subset_key;
use super::{Patch, Patches};
use crate::render::error::RenderError;
use crate::render::message::{each, each_mut, list_mut, text, texts};
use crate::render::resources::{ApplyTo, Context, Operation, RouteAction};

/// Applies all patches that concern the route configuration of a sidecar's listener.
///
/// # Errors
/// A patch without the value it needs.
pub(in crate::render) fn patch_route_configuration(
    patches: &Patches,
    context: Context,
    routes: &mut DynamicMessage,
) -> Result<(), RenderError> {
    let name = text(routes, "name");
    let fits = |patch: &Patch| patch.is_for(context) && patch.fits_routes(&name);
    for patch in patches.to(ApplyTo::RouteConfiguration) {
        if patch.is_merge() && fits(patch) {
            patch.merge_into(routes)?;
            patch.mark_applied();
        }
    }
    let mut removed = Vec::new();
    for host in each_mut(routes, "virtual_hosts") {
        if !patch_virtual_host(patches, &fits, host)? {
            removed.push(text(host, "name"));
        }
    }
    for patch in patches.to(ApplyTo::VirtualHost) {
        if patch.operation == Operation::Add && fits(patch) {
            list_mut(routes, "virtual_hosts").push(patch.new_item()?);
            patch.mark_applied();
        }
    }
    // By name and after the adds, as istiod does it: an added host of a removed one's name goes too.
    list_mut(routes, "virtual_hosts").retain(|host| {
        host.as_message().is_some_and(|host| !removed.contains(&text(host, "name")))
    });
    Ok(())
}

/// `false` if the host is removed.
fn patch_virtual_host(
    patches: &Patches,
    fits: &impl Fn(&Patch) -> bool,
    host: &mut DynamicMessage,
) -> Result<bool, RenderError> {
    for patch in patches.to(ApplyTo::VirtualHost) {
        if !fits(patch) || !patch.fits_virtual_host(host) {
            continue;
        }
        match patch.operation {
            Operation::Remove => {
                patch.mark_applied();
                return Ok(false);
            }
            Operation::Replace => {
                *host = patch.value()?.clone();
                patch.mark_applied();
            }
            _ if patch.is_merge() => {
                patch.merge_into(host)?;
                patch.mark_applied();
            }
            _ => {}
        }
    }
    patch_routes(patches, fits, host)?;
    Ok(true)
}

fn patch_routes(
    patches: &Patches,
    fits: &impl Fn(&Patch) -> bool,
    host: &mut DynamicMessage,
) -> Result<(), RenderError> {
    let here: Vec<&Patch> = patches
        .to(ApplyTo::HttpRoute)
        .filter(|patch| fits(patch) && patch.fits_virtual_host(host))
        .collect();
    let mut kept = Vec::new();
    for mut route in each(host, "routes") {
        if patch_route(&here, &mut route)? {
            kept.push(Value::Message(route));
        }
    }
    let routes = list_mut(host, "routes");
    *routes = kept;
    for patch in here {
        let first_without_anchor = patch.operation == Operation::InsertFirst
            && patch.names_route()
            && !routes.iter().filter_map(Value::as_message).any(|route| patch.fits_route(route));
        let in_the_first_pass = matches!(patch.operation, Operation::Remove | Operation::Replace);
        if !first_without_anchor && !in_the_first_pass {
            edit(routes, patch, patch.names_route(), |route| patch.fits_route(route))?;
        }
    }
    Ok(())
}

/// `false` if the route is removed. A REMOVE without a route in its match removes every route.
fn patch_route(patches: &[&Patch], route: &mut DynamicMessage) -> Result<bool, RenderError> {
    for patch in patches {
        if !patch.fits_route(route) {
            continue;
        }
        if patch.operation == Operation::Remove {
            patch.mark_applied();
            return Ok(false);
        } else if patch.is_merge() {
            patch.merge_into(route)?;
            patch.mark_applied();
        }
    }
    Ok(true)
}

impl Patch {
    /// `match.routeConfiguration` by name and port; `portName` and `gateway` are for gateways.
    fn fits_routes(&self, name: &str) -> bool {
        let Some(condition) = &self.matching.route_configuration else { return true };
        let port = if name.starts_with("inbound") {
            subset_key(name).0
        } else {
            name.parse().unwrap_or(0)
        };
        (condition.name.is_empty() || condition.name == name)
            && (condition.port_number == 0 || condition.port_number == port)
    }

    fn fits_virtual_host(&self, host: &DynamicMessage) -> bool {
        let condition = self.matching.route_configuration.as_ref().and_then(|m| m.vhost.as_ref());
        condition.is_none_or(|condition| {
            (condition.name.is_empty() || condition.name == text(host, "name"))
                && (condition.domain_name.is_empty()
                    || texts(host, "domains").contains(&condition.domain_name))
        })
    }

    fn names_route(&self) -> bool {
        let condition = self.matching.route_configuration.as_ref().and_then(|m| m.vhost.as_ref());
        condition.is_some_and(|condition| condition.route.is_some())
    }

    fn fits_route(&self, route: &DynamicMessage) -> bool {
        let host = self.matching.route_configuration.as_ref().and_then(|m| m.vhost.as_ref());
        let Some(condition) = host.and_then(|host| host.route.as_ref()) else { return true };
        if !condition.name.is_empty() && condition.name != text(route, "name") {
            return false;
        }
        let actions = [
            ("route", RouteAction::Route),
            ("redirect", RouteAction::Redirect),
            ("direct_response", RouteAction::DirectResponse),
        ];
        let action = actions.into_iter().find(|(field, _)| route.has_field_by_name(field));
        // A route of any other action fits every condition; istiod's switch falls through.
        condition.action == RouteAction::Any
            || action.is_none_or(|(_, action)| action == condition.action)
    }
}
