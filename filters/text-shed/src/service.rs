//! The services that are guarded, each with its lanes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use voxgate_host::shared_data::SharedData;
use voxgate_policy::shed::guard::SharedGuards;

/// A service: the Envoy cluster that a request's route leads to.
pub type Service = Rc<str>;

/// The services that this worker has seen: at most as many as Envoy has clusters.
#[derive(Default)]
pub struct Services {
    seen: RefCell<BTreeMap<Service, ()>>,
    /// Changes of guards that another worker's came before, since last asked.
    retries: Cell<u64>,
}

/// What stands for the service of a request whose route leads to no cluster.
const NO_CLUSTER: &str = "none";

// === impl Services ===

impl Services {
    /// The service of a route's cluster. In Istio a cluster of a subset is one of the same service.
    pub fn of(&self, cluster: Option<&str>) -> Service {
        let name = without_subset(cluster.unwrap_or(NO_CLUSTER));
        if let Some((known, ())) = self.seen.borrow().get_key_value(name.as_str()) {
            return Rc::clone(known);
        }
        let service: Service = name.into();
        self.seen.borrow_mut().insert(Rc::clone(&service), ());
        service
    }

    /// The guards of a service.
    pub fn guards<'a>(&'a self, service: &'a str) -> SharedGuards<'a, SharedData> {
        SharedGuards::new(&SharedData, service, &self.retries)
    }

    /// All that were seen.
    pub fn all(&self) -> Vec<Service> {
        self.seen.borrow().keys().map(Rc::clone).collect()
    }

    /// How often a change had to be tried again, since last asked.
    pub fn take_retries(&self) -> u64 {
        self.retries.take()
    }
}

/// Istio names a cluster `direction|port|subset|host`.
fn without_subset(cluster: &str) -> String {
    match cluster.split('|').collect::<Vec<_>>().as_slice() {
        [direction, port, _, host] => format!("{direction}|{port}||{host}"),
        _ => cluster.to_owned(),
    }
}
