//! What a patch's `match` fits. An empty condition fits everything.

use prost_reflect::DynamicMessage;

use super::Patch;
use crate::render::message::{child, number, text, texts};
use crate::render::resources::{ApplyTo, FilterChainMatch};

/// The sidecar's listeners that take redirected traffic; their chains carry the service's port.
fn is_virtual(listener_name: &str) -> bool {
    matches!(listener_name, "virtualInbound" | "virtualOutbound")
}

fn unless_empty(condition: &str, fits: impl FnOnce(&str) -> bool) -> bool {
    condition.is_empty() || fits(condition)
}

impl Patch {
    /// `match.listener` by name and port. The port of a virtual listener is looked for in its
    /// filter chains, but for patches of the listener itself.
    pub(super) fn fits_listener(&self, listener: &DynamicMessage) -> bool {
        let Some(condition) = &self.matching.listener else { return true };
        let name = text(listener, "name");
        if !unless_empty(&condition.name, |wanted| wanted == name) {
            return false;
        }
        if condition.port_number == 0 || (self.apply_to != ApplyTo::Listener && is_virtual(&name)) {
            return true;
        }
        child(listener, "address")
            .and_then(|address| child(&address, "socket_address"))
            .is_some_and(|socket| number(&socket, "port_value") == condition.port_number)
    }

    /// `match.listener.filterChain`, and for virtual listeners `portNumber` as the chain's
    /// destination port.
    pub(super) fn fits_chain(&self, listener_name: &str, chain: &DynamicMessage) -> bool {
        let Some(condition) = &self.matching.listener else { return true };
        let taken = child(chain, "filter_chain_match");
        let port = taken.as_ref().map_or(0, |taken| number(taken, "destination_port"));
        if is_virtual(listener_name) && condition.port_number > 0 && port != condition.port_number {
            return false;
        }
        let Some(condition) = &condition.filter_chain else { return true };
        unless_empty(&condition.name, |wanted| wanted == text(chain, "name"))
            && (condition.destination_port == 0 || condition.destination_port == port)
            && fits_chain_match(condition, taken.as_ref())
    }

    pub(super) fn names_listener_filter(&self) -> bool {
        self.matching.listener.as_ref().is_some_and(|m| !m.listener_filter.is_empty())
    }

    pub(super) fn fits_listener_filter(&self, filter: &DynamicMessage) -> bool {
        let Some(condition) = &self.matching.listener else { return true };
        unless_empty(&condition.listener_filter, |wanted| wanted == text(filter, "name"))
    }

    fn filter_chain(&self) -> Option<&FilterChainMatch> {
        self.matching.listener.as_ref()?.filter_chain.as_ref()
    }

    /// The network filter's name in the match. Only its presence counts as a condition: one
    /// without a name fits a filter without a name, that is, none.
    fn network_filter(&self) -> Option<&str> {
        Some(self.filter_chain()?.filter.as_ref()?.name.as_str())
    }

    pub(super) fn names_network_filter(&self) -> bool {
        self.network_filter().is_some()
    }

    pub(super) fn fits_network_filter(&self, filter: &DynamicMessage) -> bool {
        self.network_filter().is_none_or(|wanted| wanted == text(filter, "name"))
    }

    fn http_filter(&self) -> Option<&str> {
        Some(self.filter_chain()?.filter.as_ref()?.sub_filter.as_ref()?.name.as_str())
    }

    pub(super) fn names_http_filter(&self) -> bool {
        self.http_filter().is_some()
    }

    pub(super) fn fits_http_filter(&self, filter: &DynamicMessage) -> bool {
        self.http_filter().is_none_or(|wanted| wanted == text(filter, "name"))
    }

    /// `match.cluster`. A name is the only condition if there is one. An inbound cluster has no
    /// host in its key; `service` is then compared with the services of this workload, which a
    /// local Envoy does not know, so it does not fit.
    pub(super) fn fits_cluster(&self, cluster_name: &str) -> bool {
        let Some(condition) = &self.matching.cluster else { return true };
        if !condition.name.is_empty() {
            return condition.name == cluster_name;
        }
        let (port, subset, host) = subset_key(cluster_name);
        unless_empty(&condition.subset, |wanted| wanted == subset)
            && unless_empty(&condition.service, |wanted| wanted == host)
            && (condition.port_number == 0 || condition.port_number == port)
    }
}

fn fits_chain_match(condition: &FilterChainMatch, taken: Option<&DynamicMessage>) -> bool {
    let list = |field| taken.map(|taken| texts(taken, field)).unwrap_or_default();
    unless_empty(&condition.sni, |wanted| list("server_names").iter().any(|name| name == wanted))
        && unless_empty(&condition.transport_protocol, |wanted| {
            taken.is_some_and(|taken| text(taken, "transport_protocol") == wanted)
        })
        && unless_empty(&condition.application_protocols, |wanted| {
            let protocols = list("application_protocols");
            wanted.split(',').all(|one| protocols.iter().any(|protocol| protocol == one))
        })
}

/// Port, subset and host of a cluster name such as `outbound|80|v1|host`.
pub(super) fn subset_key(name: &str) -> (u32, &str, &str) {
    let mut parts = name.split('|').skip(1);
    let port = parts.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    (port, parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
