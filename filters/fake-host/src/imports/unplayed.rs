//! Imports that the SDK links but no filter of ours calls. They would have to answer as Envoy does
//! to be of use, so a call is a violation.

use super::INTERNAL_FAILURE;
use crate::state;

macro_rules! not_played {
    ($($name:ident($($argument:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($(_: $argument),*) -> u32 {
            state::with(|state| state.violation(concat!("called ", stringify!($name))));
            INTERNAL_FAILURE
        }
    )*};
}

type In = *const u8;
type Out = *mut u8;

not_played! {
    proxy_get_log_level(Out);
    proxy_register_shared_queue(In, usize, Out);
    proxy_resolve_shared_queue(In, usize, In, usize, Out);
    proxy_dequeue_shared_queue(u32, Out, Out);
    proxy_enqueue_shared_queue(u32, In, usize);
    proxy_grpc_call(In, usize, In, usize, In, usize, In, usize, In, usize, u32, Out);
    proxy_grpc_stream(In, usize, In, usize, In, usize, In, usize, Out);
    proxy_grpc_send(u32, In, usize, bool);
    proxy_grpc_cancel(u32);
    proxy_grpc_close(u32);
    proxy_get_status(Out, Out, Out);
    proxy_done();
    proxy_get_metric(u32, Out);
}
