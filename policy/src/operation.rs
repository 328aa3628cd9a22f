//! Operations: what a request asks of an AI service. Names become small integers at load.

use crate::error::{Path, PolicyError};
use crate::suggest;

/// The shipped operations, in the order of their ids.
pub const SHIPPED: [&str; 13] = [
    "tts.synthesize",
    "tts.batch",
    "voice.create",
    "voice.use",
    "voice.list",
    "voice.delete",
    "model.upload",
    "model.list",
    "asr.transcribe",
    "llm.chat",
    "face.animate",
    "video.generate",
    "agent.invoke",
];

/// The most operations one policy can know, shipped ones included.
pub const MAX_OPERATIONS: usize = 64;

/// An operation of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(u8);

/// A set of operations of one policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OperationSet(u64);

impl OperationSet {
    /// The set with `operation` added.
    #[must_use]
    pub fn with(self, operation: OperationId) -> Self {
        Self(self.0 | operation.bit())
    }

    /// The operations of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The operations of this set that `other` lacks.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether an operation is in it.
    pub fn contains(self, operation: OperationId) -> bool {
        self.0 & operation.bit() != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The operations, in the order of their ids.
    pub fn iter(self) -> impl Iterator<Item = OperationId> {
        (0..64u8).map(OperationId).filter(move |it| self.0 & it.bit() != 0)
    }
}

impl OperationId {
    /// `tts.synthesize`: a text is spoken.
    pub const TTS_SYNTHESIZE: Self = Self(0);

    /// `tts.batch`: many texts are spoken.
    pub const TTS_BATCH: Self = Self(1);

    /// `voice.create`: a recording is brought.
    pub const VOICE_CREATE: Self = Self(2);

    /// `voice.use`: a voice is named that is not anyone's.
    pub const VOICE_USE: Self = Self(3);

    /// `voice.list`: the voices are named.
    pub const VOICE_LIST: Self = Self(4);

    /// `voice.delete`: a voice is given up.
    pub const VOICE_DELETE: Self = Self(5);

    /// `model.upload`: a model is brought.
    pub const MODEL_UPLOAD: Self = Self(6);

    /// `model.list`: the models are named.
    pub const MODEL_LIST: Self = Self(7);

    /// `llm.chat`: text that is read, not spoken.
    pub const LLM_CHAT: Self = Self(9);

    /// `agent.invoke`: an agent is asked.
    pub const AGENT_INVOKE: Self = Self(12);

    /// Whether something is made, which takes a service's capacity; else it is only told what there is, or
    /// files are put there or taken away.
    pub fn generates(self) -> bool {
        !matches!(
            self,
            Self::VOICE_LIST | Self::VOICE_DELETE | Self::MODEL_UPLOAD | Self::MODEL_LIST
        )
    }

    /// Whether its answer can tell of tokens: that of a text model or an agent, and that of a policy's
    /// own operations, of which nobody knows.
    pub fn may_use_tokens(self) -> bool {
        self == Self::LLM_CHAT || self >= Self::AGENT_INVOKE
    }

    fn bit(self) -> u64 {
        1u64.checked_shl(u32::from(self.0)).unwrap_or_default()
    }
}

/// The names of a policy's operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationNames(Vec<String>);

impl OperationNames {
    /// The shipped names and the policy's own, which stand at `path`.
    ///
    /// A name is two or more lower-case words with dots between, as `ops.health`. Errors are
    /// added to `errors`.
    pub fn compile(define: &[String], path: &Path, errors: &mut Vec<PolicyError>) -> Self {
        let mut names: Vec<String> = SHIPPED.iter().map(|it| (*it).to_owned()).collect();
        for (i, name) in define.iter().enumerate() {
            let place = path.index(i);
            if !is_operation_name(name) {
                errors.push(PolicyError::new(place, format!(
                    "`{name}` is not an operation name; write two or more words of a-z, 0-9 and _ with dots between, as `ops.health`"
                )));
            } else if names.contains(name) {
                errors.push(PolicyError::new(place, format!("`{name}` is defined already")));
            } else if names.len() >= MAX_OPERATIONS {
                errors.push(PolicyError::new(
                    place,
                    format!("more than {MAX_OPERATIONS} operations; {} are shipped", SHIPPED.len()),
                ));
            } else {
                names.push(name.clone());
            }
        }
        Self(names)
    }

    /// The operation called `name`.
    pub fn get(&self, name: &str) -> Option<OperationId> {
        let index = self.0.iter().position(|it| it == name)?;
        u8::try_from(index).ok().map(OperationId)
    }

    /// An operation's name.
    pub fn name(&self, id: OperationId) -> &str {
        self.0.get(usize::from(id.0)).map_or("", String::as_str)
    }

    /// All names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The operations that `pattern` stands for: a name, `tts.*`, or `*`. Empty if it fits none.
    pub fn matching(&self, pattern: &str) -> OperationSet {
        let fits = |name: &str| match pattern.strip_suffix('*') {
            Some("") => true,
            Some(prefix) => prefix.ends_with('.') && name.starts_with(prefix),
            None => name == pattern,
        };
        self.iter()
            .filter(|name| fits(name))
            .filter_map(|name| self.get(name))
            .fold(OperationSet::default(), OperationSet::with)
    }

    /// The operations that any of the patterns at `path` stands for; `None` if there are none. One that
    /// fits nothing is an error.
    pub(crate) fn all_matching(
        &self,
        patterns: &[String],
        path: &Path,
        errors: &mut Vec<PolicyError>,
    ) -> Option<OperationSet> {
        if patterns.is_empty() {
            return None;
        }
        let mut all = OperationSet::default();
        for (i, pattern) in patterns.iter().enumerate() {
            let matching = self.matching(pattern);
            if matching.is_empty() {
                let accepted = suggest::accepted(pattern, self.iter());
                let message = format!("`{pattern}` fits no operation; {accepted}");
                errors.push(PolicyError::new(path.index(i), message));
            }
            all = all.union(matching);
        }
        Some(all)
    }

    /// A set as people read it: `tts.synthesize+voice.create`.
    pub fn display(&self, set: OperationSet) -> String {
        set.iter().map(|it| self.name(it)).collect::<Vec<_>>().join("+")
    }
}

fn is_operation_name(name: &str) -> bool {
    let word = |it: &str| {
        !it.is_empty()
            && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    name.contains('.') && name.split('.').all(word)
}
