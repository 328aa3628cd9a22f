//! The filters there are.

use std::fmt;
use std::str::FromStr;

/// A Voxgate filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// Who asks, in which tier, and whether that tier may.
    JwtTier,
    /// How much; after jwt-tier, which tells it who asks for what.
    VoiceQuota,
    /// What becomes of what is too long for the moment; after jwt-tier, and after what charges for it.
    TextShed,
    /// What a listener hears; last, for it sees the response first.
    ChunkFlush,
}

/// A filter that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no filter `{0}`; there are: jwt-tier, voice-quota, text-shed, chunk-flush")]
pub struct UnknownFilter(pub String);

impl Filter {
    /// All of them, in the order in which a request meets them.
    pub const ALL: [Self; 4] = [Self::JwtTier, Self::VoiceQuota, Self::TextShed, Self::ChunkFlush];

    /// Its name: also the `root_id` under which the module registers it.
    pub fn name(self) -> &'static str {
        match self {
            Self::JwtTier => "jwt-tier",
            Self::VoiceQuota => "voice-quota",
            Self::TextShed => "text-shed",
            Self::ChunkFlush => "chunk-flush",
        }
    }

    /// The filters that this policy gives something to do.
    pub fn of(policy: &super::PolicyDocument) -> Vec<Self> {
        let has_use = |it: &Self| match it {
            Self::JwtTier => true,
            Self::VoiceQuota => policy.has_quotas(),
            Self::TextShed => policy.has_shedding(),
            Self::ChunkFlush => policy.has_streams(),
        };
        Self::ALL.into_iter().filter(has_use).collect()
    }

    /// The file name of its module.
    pub fn module_file(self) -> String {
        format!("voxgate-{self}.wasm")
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Filter {
    type Err = UnknownFilter;

    fn from_str(name: &str) -> Result<Self, UnknownFilter> {
        let found = Self::ALL.into_iter().find(|filter| filter.name() == name);
        found.ok_or_else(|| UnknownFilter(name.to_owned()))
    }
}
