//! The `img_hash` family: bits equal those of the crate `image_hasher` 3.1, the maintained continuation of `img_hash`.

use super::{ImageHash, Options};
use crate::error::{Error, Result};
use image::DynamicImage;
use img_hash::{HashAlg, HasherConfig};

pub(super) fn hash(picture: &DynamicImage, kind: HashAlg, options: Options) -> Result<ImageHash> {
    let Options { algorithm, hash_size, dct, .. } = options;
    let config = HasherConfig::new().hash_alg(kind).hash_size(hash_size, hash_size);
    let config = if dct { config.preproc_dct() } else { config };
    let hashed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.to_hasher().hash_image(picture)))
        .map_err(|_| Error::unsupported(format!("a {} hash of this picture", algorithm.as_str())))?;
    Ok(ImageHash::from_parts(algorithm, hashed.as_bytes(), None))
}
