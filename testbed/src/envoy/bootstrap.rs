//! A bootstrap made fit to run beside others on this machine.

use serde_json::{Value, json};
use std::path::PathBuf;

const FILE_ACCESS_LOG: &str =
    "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";

/// What is changed in a bootstrap, and in every later version of it.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub access_log: PathBuf,
    pub keep_ports: bool,
}

// === impl Local ===

impl Local {
    pub fn apply(&self, bootstrap: &mut Value) {
        let admin = bootstrap.pointer("/admin/address/socket_address/port_value").cloned();
        let port = admin.filter(|_| self.keep_ports).unwrap_or(json!(0));
        bootstrap["admin"]["address"] =
            json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });

        let listeners = bootstrap.pointer_mut("/static_resources/listeners");
        for listener in listeners.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(address) = listener.pointer_mut("/address/socket_address") {
                address["address"] = json!("127.0.0.1");
                if !self.keep_ports {
                    address["port_value"] = json!(0);
                }
            }
        }
        self.redirect_access_logs(bootstrap);
    }

    fn redirect_access_logs(&self, value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.redirect_access_logs(item))
            }
            Value::Object(members) => {
                if members.get("@type").is_some_and(|name| name == FILE_ACCESS_LOG) {
                    members.insert("path".to_owned(), json!(self.access_log));
                }
                members.values_mut().for_each(|member| self.redirect_access_logs(member));
            }
            _ => {}
        }
    }
}
