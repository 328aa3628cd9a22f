//! Our log lines through Envoy's log, and panics in it.

use std::sync::Once;

use proxy_wasm::types::LogLevel;

static INSTALLED: Once = Once::new();

/// Sends `log` records to Envoy, and reports a panic before it kills the VM.
///
/// The level is fixed at Info: Envoy filters by its own `wasm` logger, and below Info the SDK would
/// log every callback.
pub(crate) fn install() {
    INSTALLED.call_once(|| {
        // The SDK installs a hook that logs any panic message in full; ours takes its place. In
        // native tests the harness keeps the hook it had.
        let harness_hook = std::panic::take_hook();
        proxy_wasm::set_log_level(LogLevel::Info);
        std::panic::set_hook(if cfg!(target_arch = "wasm32") {
            Box::new(|info| log::error!("{}", describe(info)))
        } else {
            harness_hook
        });
    });
}

/// Where it happened, and the message only if it is a literal of the program's: a formatted one can
/// carry parts of a token or of a text.
fn describe(info: &std::panic::PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    match info.payload().downcast_ref::<&'static str>() {
        Some(message) => format!("panic at {place}: {message}"),
        None => format!("panic at {place}"),
    }
}
