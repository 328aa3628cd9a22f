//! Facts of two parts of one request, as one.

use super::{AudioFacts, Names, ReferenceFacts, RequestFacts, TextFacts, UrlFacts};

impl RequestFacts {
    /// Adds what another part says: of the query, say, to that of the body.
    pub fn absorb(&mut self, other: &Self) {
        let Self {
            text,
            reference,
            audio,
            sample_rate_hz,
            formats,
            models,
            voices,
            stream,
            batch_lines,
            consent,
        } = other;
        self.text.absorb(*text);
        self.reference.absorb(reference);
        self.audio.absorb(audio);
        self.sample_rate_hz = self.sample_rate_hz.max(*sample_rate_hz);
        self.formats.absorb(formats);
        self.models.absorb(models);
        self.voices.absorb(voices);
        self.stream = self.stream.max(*stream);
        self.batch_lines = self.batch_lines.saturating_add(*batch_lines);
        self.consent |= consent;
    }
}

impl TextFacts {
    fn absorb(&mut self, other: Self) {
        self.chars = self.chars.saturating_add(other.chars);
        // What the query says belongs to each job of the body.
        self.longest_chars = self.longest_chars.saturating_add(other.longest_chars);
        self.audio.0 = self.audio.0.saturating_add(other.audio.0);
        self.longest_audio.0 = self.longest_audio.0.saturating_add(other.longest_audio.0);
    }
}

impl ReferenceFacts {
    fn absorb(&mut self, other: &Self) {
        self.inline.absorb(&other.inline);
        self.urls.absorb(&other.urls);
    }
}

impl AudioFacts {
    fn absorb(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.all_lengths_known =
            other.all_lengths_known && (self.count == 0 || self.all_lengths_known);
        self.count = self.count.saturating_add(other.count);
        self.largest_bytes = self.largest_bytes.max(other.largest_bytes);
        self.longest = self.longest.max(other.longest);
        self.total.0 = self.total.0.saturating_add(other.total.0);
        self.sample_rate_hz = self.sample_rate_hz.max(other.sample_rate_hz);
        self.sha256.extend(&other.sha256);
    }
}

impl UrlFacts {
    fn absorb(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.hosts.absorb(&other.hosts);
        self.any_insecure |= other.any_insecure;
        self.any_private |= other.any_private;
        self.any_ambiguous |= other.any_ambiguous;
    }
}

impl Names {
    fn absorb(&mut self, other: &Self) {
        other.known.iter().for_each(|it| self.insert(it));
        self.overflow |= other.overflow;
    }
}
