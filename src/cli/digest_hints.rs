use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use crate::disk;
use crate::model::{Image, Model};

/// What a deployment keeps of a bake, beside the render.
const BAKE_RESULT: &str = "bake-result.json";

/// Everything that a deployment keeps beside a render.
pub(super) const BESIDE: [&str; 2] = [BAKE_RESULT, "bake.log"];

/// More than any result holds.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Debug, Deserialize)]
struct BakeResult {
    status: String,
    images: Vec<BakedImage>,
}

#[derive(Debug, Deserialize)]
struct BakedImage {
    image: String,
    digest: String,
}

/// Offers the digest of every tag that the last bake met, where the config can name it: a built image
/// needs its tag.
pub(super) fn offers(model: &Model, folder: &Path) -> String {
    let Some(result) = read(folder) else { return String::new() };
    let mut notes = String::new();
    let pinnable = |image: &&Image| image.preload && image.tag.is_some() && image.build.is_none();
    for image in model.images.iter().filter(pinnable) {
        let baked = result.images.iter().find(|baked| baked.image == image.reference);
        if let Some(baked) = baked.filter(|baked| is_digest(&baked.digest)) {
            let _ = writeln!(
                notes,
                "note: `{}` was baked as {}: set `digest` instead of `tag` to pin it",
                image.reference, baked.digest
            );
        }
    }
    notes
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn read(folder: &Path) -> Option<BakeResult> {
    let bytes = disk::within(folder, &folder.join(BAKE_RESULT), MAX_BYTES).ok()?;
    let result: BakeResult = serde_json::from_slice(&bytes).ok()?;
    (result.status == "succeeded").then_some(result)
}
