//! The digest of all templates. `build.rs` computes that of the built-in ones with this file.

use sha2::{Digest as _, Sha256};

/// SHA-256 over the paths and texts of templates, in the order of their paths.
pub(super) fn digest<'t>(texts: impl Iterator<Item = (&'t str, &'t str)>) -> Vec<u8> {
    let mut hash = Sha256::new();
    for (path, text) in texts {
        // Lengths keep two templates from being taken for two others.
        hash.update(format!("{}:{path}{}:", path.len(), text.len()));
        hash.update(text.as_bytes());
    }
    hash.finalize().to_vec()
}
