use super::table::Row;
use super::tables::AUTOSCALE_VARIABLES as TABLE;

/// The variables that Batch gives an autoscale formula to read.
pub(crate) fn autoscale_variables() -> impl Iterator<Item = &'static str> {
    TABLE.rows().map(Row::key)
}
