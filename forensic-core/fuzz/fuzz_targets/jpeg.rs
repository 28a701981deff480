//! Any bytes as a JPEG picture, at each size, whole or in part.
#![no_main]

use forensic_core::{
    Limits,
    picture::jpeg::{self, Channels, Options},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { pixels: 1 << 20, picture_bytes: 16 << 20, ..Limits::default() };
    let _ = jpeg::header(data);
    for (scale, channels) in
        [(1, Channels::Rgb), (1, Channels::Luma), (2, Channels::Rgb), (4, Channels::Luma), (8, Channels::Luma)]
    {
        let options = Options::default().scale(scale).channels(channels);
        let strict = jpeg::decode(data, &options, &limits);
        let partial = jpeg::decode(data, &options.partial(true), &limits);
        if let Ok(strict) = strict {
            let partial = partial.unwrap_or_else(|error| panic!("{error}"));
            assert!(partial.pixels == strict.pixels && partial.decoded == 1.0 && partial.damage.is_none());
        } else if let Ok(partial) = partial {
            assert!(partial.damage.is_some() && partial.decoded > 0.0);
        }
    }
});
