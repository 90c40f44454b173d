use super::tables::CUDA_DRIVERS as TABLE;

/// The oldest branch of the NVIDIA driver on which CUDA of a major version starts.
pub(crate) fn cuda_driver(major: u32) -> Option<u32> {
    TABLE.find(&major.to_string())?.cells::<2>()[1].parse().ok()
}
