//! From a patch as written to one that can be applied; what cannot be is refused here.

use std::cell::Cell;

use super::Patch;
use crate::render::descriptors;
use crate::render::error::{Place, Problem, RenderError};
use crate::render::resources::{ApplyTo, ConfigPatch, Context, Match, Operation};

/// Reads one patch; `place` is that of the patch in its document.
///
/// # Errors
/// What istiod does not do (and says nothing about), and values that are no Envoy configuration.
pub(super) fn parse(
    written: ConfigPatch,
    place: Place,
    warnings: &mut Vec<String>,
) -> Result<Patch, RenderError> {
    let ConfigPatch { apply_to, matching, patch } = written;
    refuse_unsupported(apply_to, &matching, &place)?;
    refuse_unknowable(apply_to, effective(apply_to, patch.operation), &matching, &place)?;
    if patch.filter_class.is_some() {
        warnings.push(format!(
            "{}: istiod ignores filterClass; ADD puts a filter after the router, where Envoy \
             refuses it; use INSERT_BEFORE with the router as subFilter",
            place.at("patch.filterClass")
        ));
    }
    let ports = [
        ("listener", matching.listener.as_ref().map(|it| it.port_number)),
        ("routeConfiguration", matching.route_configuration.as_ref().map(|it| it.port_number)),
        ("cluster", matching.cluster.as_ref().map(|it| it.port_number)),
    ];
    for (kind, port) in ports.into_iter().filter_map(|(kind, port)| Some((kind, port?))) {
        if port > u32::from(u16::MAX) {
            let problem = Problem::Shape(format!("{port} is not a port; at most 65535"));
            return Err(RenderError::at(place.at(&format!("match.{kind}.portNumber")), problem));
        }
    }
    if matching.listener.as_ref().is_some_and(|listener| !listener.port_name.is_empty()) {
        warnings.push(format!("{}: istiod ignores portName", place.at("match.listener.portName")));
    }
    let value = match patch.value {
        Some(value) if patch.operation != Operation::Remove => {
            Some(descriptors::parse(message_type(apply_to), &value, &place.at("patch.value"))?)
        }
        _ => None,
    };
    if value.is_none() && patch.operation != Operation::Remove {
        let problem = Problem::Shape("this operation needs a value".to_owned());
        return Err(RenderError::at(place.at("patch"), problem));
    }
    let operation = effective(apply_to, patch.operation);
    Ok(Patch { place, apply_to, operation, matching, value, applied: Cell::new(false) })
}

fn refuse_unsupported(
    apply_to: ApplyTo,
    matching: &Match,
    place: &Place,
) -> Result<(), RenderError> {
    let unsupported = |path: &str, what: &str, why| {
        let problem = Problem::Unsupported { what: what.to_owned(), why };
        Err(RenderError::at(place.at(path), problem))
    };
    if apply_to == ApplyTo::Bootstrap {
        return unsupported(
            "applyTo",
            "BOOTSTRAP",
            "istiod reads such a patch and applies it nowhere (1.28 to 1.32); \
             a sidecar's bootstrap is changed by an annotation of the pod",
        );
    }
    if matching.context == Context::Waypoint || matching.waypoint.is_some() {
        return unsupported(
            "match",
            "WAYPOINT",
            "no code of istiod reads it (1.28 to 1.32); use SIDECAR_INBOUND",
        );
    }
    let (listener, routes, cluster) = (
        matching.listener.is_some(),
        matching.route_configuration.is_some(),
        matching.cluster.is_some(),
    );
    let wrong = match apply_to {
        ApplyTo::Listener
        | ApplyTo::FilterChain
        | ApplyTo::NetworkFilter
        | ApplyTo::HttpFilter
        | ApplyTo::ListenerFilter => routes || cluster,
        ApplyTo::RouteConfiguration | ApplyTo::VirtualHost | ApplyTo::HttpRoute => {
            listener || cluster
        }
        ApplyTo::Cluster => listener || routes,
        ApplyTo::ExtensionConfig | ApplyTo::Bootstrap => false,
    };
    if wrong {
        return unsupported(
            "match",
            "this match",
            "it is for another kind of object than applyTo names; Istio's webhook refuses it",
        );
    }
    Ok(())
}

/// What istiod would do for this sidecar and one local Envoy cannot.
fn refuse_unknowable(
    apply_to: ApplyTo,
    operation: Operation,
    matching: &Match,
    place: &Place,
) -> Result<(), RenderError> {
    let inbound = matching.context == Context::SidecarInbound;
    let refuse = |path: &str, what: &str, why| {
        let problem = Problem::Unsupported { what: what.to_owned(), why };
        Err(RenderError::at(place.at(path), problem))
    };
    match (apply_to, operation) {
        (ApplyTo::Listener, Operation::Add) if inbound => refuse(
            "patch.operation",
            "a LISTENER to add",
            "the local Envoy has one listener, on 127.0.0.1; istiod would add this one",
        ),
        (ApplyTo::Cluster, operation)
            if operation != Operation::Add && inbound && matching.names_service() =>
        {
            refuse(
                "match.cluster.service",
                "this service",
                "istiod compares it with the services of the workload, which no file says; \
                 match the inbound cluster by portNumber",
            )
        }
        _ => Ok(()),
    }
}

/// INSERT_* of what has no order of its own is ADD.
fn effective(apply_to: ApplyTo, written: Operation) -> Operation {
    let ordered = matches!(
        apply_to,
        ApplyTo::HttpFilter | ApplyTo::NetworkFilter | ApplyTo::HttpRoute | ApplyTo::ListenerFilter
    );
    match written {
        Operation::InsertBefore | Operation::InsertAfter | Operation::InsertFirst if !ordered => {
            Operation::Add
        }
        other => other,
    }
}

fn message_type(apply_to: ApplyTo) -> &'static str {
    match apply_to {
        ApplyTo::Cluster => "envoy.config.cluster.v3.Cluster",
        ApplyTo::Listener => "envoy.config.listener.v3.Listener",
        ApplyTo::FilterChain => "envoy.config.listener.v3.FilterChain",
        ApplyTo::NetworkFilter => "envoy.config.listener.v3.Filter",
        ApplyTo::ListenerFilter => "envoy.config.listener.v3.ListenerFilter",
        ApplyTo::HttpFilter => {
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
        }
        ApplyTo::RouteConfiguration => "envoy.config.route.v3.RouteConfiguration",
        ApplyTo::VirtualHost => "envoy.config.route.v3.VirtualHost",
        ApplyTo::HttpRoute => "envoy.config.route.v3.Route",
        ApplyTo::ExtensionConfig => "envoy.config.core.v3.TypedExtensionConfig",
        ApplyTo::Bootstrap => "envoy.config.bootstrap.v3.Bootstrap",
    }
}
