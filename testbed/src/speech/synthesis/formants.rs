//! A vowel-like tone for each character: a pure function of the text.

use super::Sound;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use std::f64::consts::TAU;

/// How long a character sounds, in milliseconds; about the pace of read speech.
pub(crate) const CHARACTER_MILLIS: u32 = 70;

pub(super) fn speak(text: &str, sample_rate: u32) -> Sound {
    let characters: Vec<char> = text.chars().collect();
    stream::iter(characters).map(move |character| Ok(sound_of(character, sample_rate))).boxed()
}

fn sound_of(character: char, sample_rate: u32) -> Bytes {
    let samples = sample_rate * CHARACTER_MILLIS / 1000;
    if !character.is_alphanumeric() {
        return vec![0; samples as usize * 2].into();
    }
    // A voice's pitch, and two formants in the range of vowels, chosen by the character.
    let code = u32::from(character);
    let pitch = 110.0 + f64::from(code % 7) * 6.0;
    let formants = [300.0 + f64::from(code % 11) * 50.0, 900.0 + f64::from(code % 13) * 110.0];

    let sample = |index: u32| {
        let seconds = f64::from(index) / f64::from(sample_rate);
        let wave = (TAU * pitch * seconds).sin() * 0.4
            + (TAU * formants[0] * seconds).sin() * 0.3
            + (TAU * formants[1] * seconds).sin() * 0.2;
        // Rises and falls, so that characters do not click.
        let envelope = (TAU / 2.0 * f64::from(index) / f64::from(samples)).sin();
        (wave * envelope * f64::from(i16::MAX)) as i16
    };
    (0..samples).flat_map(|index| sample(index).to_le_bytes()).collect()
}
