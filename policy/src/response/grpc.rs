//! gRPC: length-prefixed messages (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"),
//! each a flag, four bytes of length, and the message. gRPC-Web's trailers stand behind such a prefix, too
//! (doc/PROTOCOL-WEB.md); its text form is base64, and has no borders here.

use super::Format;
use super::media_type::MediaType;
use super::told::Told;
use crate::audio::be;
use crate::audio::blocks::{Blocks, Next, Reader};

/// Messages while they stream.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    blocks: Blocks,
    /// How many began.
    count: Count,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count(u64);

const PREFIX: usize = 5;

// === impl Messages ===

impl Messages {
    pub(super) fn of(media_type: &MediaType<'_>) -> Option<Self> {
        let name = media_type.name();
        let rest = name
            .strip_prefix("application/grpc-web")
            .or_else(|| name.strip_prefix("application/grpc"))?;
        let is_binary = rest.is_empty() || rest.starts_with('+');
        is_binary.then(|| Self { blocks: Blocks::new(PREFIX), count: Count::default() })
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.blocks.feed(bytes, &mut self.count);
    }

    pub(super) fn told(&self) -> Told {
        let passing = u64::from(!self.blocks.is_passed());
        let units = self.count.0.saturating_sub(passing);
        Told { tail: self.blocks.pending(), units, format: Format::Grpc, ..Told::default() }
    }
}

impl Reader for Count {
    fn block(&mut self, block: &[u8]) -> Next {
        let Some(len) = be(block, 1, 4) else { return Next::Nothing };
        self.0 = self.0.saturating_add(1);
        Next::Block { drop: len.saturating_add(PREFIX as u64), want: PREFIX }
    }

    fn rest(&mut self, _: &[u8]) {}
}
