//! What one value adds to the facts.

use super::inline::InlineAudio;
use super::literal::Speed;
use super::reference::Source;
use super::text::TextAmount;
use super::url::UrlTarget;
use super::{AudioFacts, AudioMillis, MAX_NAMES, Names, RequestFacts, UrlFacts};
use crate::body::Field;

/// What a value adds. Kept for the last value of each place, so that another can take its stead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Contribution {
    /// Nothing.
    #[default]
    None,
    /// Text.
    Text(TextAmount),
    /// A recording, a URL, a voice's name.
    Source(Source),
    /// A model or a format; `None` if it is too long.
    Name(Option<String>),
    /// A sample rate, in Hz.
    SampleRate(u64),
    /// Whether the answer is to be streamed, or whether there is consent.
    Flag(bool),
    /// How fast to speak.
    Speed(Speed),
}

/// What is known of one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Whether anything of it came.
    pub has_begun: bool,
    /// Its text.
    pub text: TextAmount,
    /// The slowest that it asks for.
    pub speed: Option<Speed>,
    /// Whether it says that there is consent, and nowhere that there is none.
    pub consent: Option<bool>,
}

// === impl Contribution ===

impl Contribution {
    /// Adds this, of a place that says `field`.
    pub fn add_to(&self, field: Field, facts: &mut RequestFacts, job: &mut Job) {
        match (self, field) {
            (Self::None, _) => {}
            (Self::Text(amount), _) => job.text.add(*amount),
            (Self::Source(source), _) => add_source(source, field, facts),
            (Self::Name(name), Field::Model) => add_name(name.as_deref(), &mut facts.models),
            (Self::Name(name), _) => {
                let rate = name
                    .as_ref()
                    .and_then(|it| super::literal::sample_rate_of_format(it.as_bytes()));
                facts.sample_rate_hz = facts.sample_rate_hz.max(rate);
                add_name(name.as_deref(), &mut facts.formats);
            }
            (Self::SampleRate(rate), _) => {
                facts.sample_rate_hz = facts.sample_rate_hz.max(Some(*rate));
            }
            (Self::Flag(is), Field::Consent) => {
                job.consent = Some(*is && job.consent.unwrap_or(true));
            }
            (Self::Flag(is), _) => facts.stream = facts.stream.max(Some(*is)),
            (Self::Speed(speed), _) => {
                job.speed = Some(job.speed.map_or(*speed, |it| it.min(*speed)));
            }
        }
    }
}

fn add_source(source: &Source, field: Field, facts: &mut RequestFacts) {
    match source {
        Source::None => {}
        Source::Name(name) => add_name(name.as_deref(), &mut facts.voices),
        Source::Url(target) => add_url(target.as_ref(), &mut facts.reference.urls),
        Source::Inline(audio) if field == Field::Audio => add_audio(audio, &mut facts.audio),
        Source::Inline(audio) => add_audio(audio, &mut facts.reference.inline),
    }
}

fn add_name(name: Option<&str>, names: &mut Names) {
    match name {
        Some(name) => names.insert(name),
        None => names.overflow = true,
    }
}

fn add_audio(audio: &InlineAudio, all: &mut AudioFacts) {
    all.all_lengths_known = audio.is_length_known && (all.count == 0 || all.all_lengths_known);
    all.count = all.count.saturating_add(1);
    all.largest_bytes = all.largest_bytes.max(audio.bytes);
    all.longest = all.longest.max(audio.length);
    all.total.0 = all.total.0.saturating_add(audio.length.0);
    all.sample_rate_hz = all.sample_rate_hz.max(audio.sample_rate_hz);
    if all.sha256.len() < MAX_NAMES {
        all.sha256.extend(audio.sha256);
    }
}

fn add_url(target: Option<&UrlTarget>, all: &mut UrlFacts) {
    all.count = all.count.saturating_add(1);
    let Some(target) = target else { return };
    all.any_insecure |= target.is_insecure;
    all.any_private |= target.is_private;
    all.any_ambiguous |= target.is_ambiguous;
    if let Some(host) = &target.host {
        all.hosts.insert(host);
    }
}

// === impl Job ===

impl Job {
    /// Adds this job's text. If its speed may yet come, the text is as short as it can be.
    pub fn add_to(&self, facts: &mut RequestFacts, may_have_speed: bool) {
        let unsaid = if may_have_speed { Speed::FASTEST } else { Speed::NORMAL };
        let micros = self.speed.unwrap_or(unsaid).stretch(self.text.micros);
        let millis = AudioMillis(micros.div_ceil(1000));
        let text = &mut facts.text;
        text.chars = text.chars.saturating_add(self.text.chars);
        text.longest_chars = text.longest_chars.max(self.text.chars);
        text.audio.0 = text.audio.0.saturating_add(millis.0);
        text.longest_audio = text.longest_audio.max(millis);
    }
}
