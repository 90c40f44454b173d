use super::tables::AZURE_ERRORS as TABLE;

/// What is known of an error code of Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AzureErrorCode {
    /// The code.
    pub code: &'static str,
    /// The same call may succeed a little later.
    pub passes: bool,
    /// What to do; empty where time helps.
    pub advice: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

/// What is known of an error code.
pub(crate) fn azure_error(code: &str) -> Option<AzureErrorCode> {
    let [code, passes, advice, source] = TABLE.find(code)?.cells();
    Some(AzureErrorCode { code, passes: passes == "yes", advice, source })
}
