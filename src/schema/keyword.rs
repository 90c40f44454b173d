use jsonschema::json::SerdeJson;
use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

/// The keyword `readOnly`, enforced: JSON Schema itself takes it as a remark.
pub(super) const READ_ONLY: &str = "readOnly";

struct ReadOnly {
    enforced: bool,
}

impl<'i> Keyword<'i, SerdeJson> for ReadOnly {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if Keyword::<SerdeJson>::is_valid(self, instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("read-only"))
        }
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        !self.enforced
    }
}

/// Builds the keyword for the engine.
pub(super) fn read_only(value: &Value) -> Box<dyn for<'i> Keyword<'i, SerdeJson>> {
    Box::new(ReadOnly { enforced: value == &Value::Bool(true) })
}
