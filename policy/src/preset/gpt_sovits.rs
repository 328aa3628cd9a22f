//! GPT-SoVITS, `api_v2.py`: <https://github.com/RVC-Boss/GPT-SoVITS/blob/main/api_v2.py>.
//!
//! `/tts` requires `ref_audio_path`, a recording on the server, so it always speaks with a cloned
//! voice. `/set_refer_audio` sets a reference for everyone, `/set_*_weights` swap the model for
//! everyone, which asks for no less than bringing one. `/control` restarts or ends the server: it is
//! nobody's through a gateway and stays unknown.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "gpt-sovits",
    source: "https://github.com/RVC-Boss/GPT-SoVITS/blob/main/api_v2.py",
    rules: &RULES,
};

const RULES: [PresetRule; 5] = [
    rule("tts", "POST", "/tts", &["tts.synthesize", "voice.use"]),
    rule("tts-get", "GET", "/tts", &["tts.synthesize", "voice.use"]),
    rule("refer-audio", "GET", "/set_refer_audio", &["voice.create"]),
    rule("gpt-weights", "GET", "/set_gpt_weights", &["model.upload"]),
    rule("sovits-weights", "GET", "/set_sovits_weights", &["model.upload"]),
];
