//! GPT-SoVITS, `api_v2.py`: <https://github.com/RVC-Boss/GPT-SoVITS/blob/main/api_v2.py>.
//!
//! `/tts` requires `ref_audio_path`, a recording on the server, so it always speaks with a cloned
//! voice. `/set_refer_audio` sets a reference for everyone, `/set_*_weights` swap the model for
//! everyone, which asks for no less than bringing one. `/control` restarts or ends the server: it is
//! nobody's through a gateway and stays unknown.

use super::{Places, Preset, PresetRule, rule};
use crate::body::Field::{Format, Model, Speed, Stream, Text, Voice};

pub(super) const PRESET: Preset = Preset {
    name: "gpt-sovits",
    source: "https://github.com/RVC-Boss/GPT-SoVITS/blob/main/api_v2.py",
    voices: &[],
    rules: &RULES,
};

const RULES: [PresetRule; 5] = [
    rule("tts", "POST", "/tts", &["tts.synthesize", "voice.use"]).json(TTS),
    rule("tts-get", "GET", "/tts", &["tts.synthesize", "voice.use"]).query(TTS_GET).form(AUX_PATHS),
    rule("refer-audio", "GET", "/set_refer_audio", &["voice.create"]),
    rule("gpt-weights", "GET", "/set_gpt_weights", &["model.upload"]).query(WEIGHTS),
    rule("sovits-weights", "GET", "/set_sovits_weights", &["model.upload"]).query(WEIGHTS),
];

/// `TTS_Request`. The paths are a list of any type to it.
const TTS: Places = &[
    (Text, "/text"),
    (Voice, "/ref_audio_path"),
    (Voice, "/aux_ref_audio_paths"),
    (Format, "/media_type"),
    (Speed, "/speed_factor"),
    (Stream, "/streaming_mode"),
];

const TTS_GET: Places = &[
    (Text, "/text"),
    (Voice, "/ref_audio_path"),
    (Voice, "/aux_ref_audio_paths/*"),
    (Format, "/media_type"),
    (Speed, "/speed_factor"),
    (Stream, "/streaming_mode"),
];

/// `aux_ref_audio_paths: list` is no query parameter to FastAPI, which reads a list of no type from a
/// form in the body, also of a GET (seen with FastAPI 0.165). Forks say `Query()`.
const AUX_PATHS: Places = &[(Voice, "/aux_ref_audio_paths/*")];

const WEIGHTS: Places = &[(Model, "/weights_path")];
