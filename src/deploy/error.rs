//! What Azure says when it refuses: found in its answers, told with the resource and the next step.

use serde_json::Value;

use super::failure::Failure;
use super::http::{Answer, Unreachable};
use crate::catalog;

/// One error of Azure: the innermost that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AzureError {
    /// HTTP status of the answer; 0 of an error that a deployment or an operation ended with.
    pub status: u16,
    /// Code, as Azure spells it.
    pub code: String,
    /// Message.
    pub message: String,
    /// The resource that it is about, when Azure names one.
    pub target: String,
}

/// Why a call to Azure gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallError {
    /// Azure refused; the first error is the innermost of the first.
    Refused(Vec<AzureError>),
    /// There was no answer.
    Unreachable(Unreachable),
    /// The call could not be made.
    Failed(Failure),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Unreachable> for CallError {
    fn from(unreachable: Unreachable) -> Self {
        Self::Unreachable(unreachable)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreachable(unreachable) => unreachable.failure(),
            error => error.failure("Azure refused the call"),
        }
    }
}

impl CallError {
    /// Of an answer that is no success.
    pub(crate) fn of(answer: &Answer) -> Self {
        let body = answer.json().unwrap_or(Value::Null);
        let mut errors = Vec::new();
        let error = body.get("error").or_else(|| body.pointer("/errors/0")).unwrap_or(&body);
        innermost(error, "", &mut errors);
        if errors.is_empty() {
            let text = String::from_utf8_lossy(&answer.bytes);
            let shown: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
            errors.push(AzureError {
                status: 0,
                code: String::new(),
                message: format!("status {}: {shown}", answer.status),
                target: String::new(),
            });
        }
        for error in &mut errors {
            error.status = answer.status;
        }
        Self::Refused(errors)
    }

    /// The code of the first error; empty without one.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused(errors) => errors.first().map_or("", |error| error.code.as_str()),
            _ => "",
        }
    }

    /// The status of the answer; 0 without one.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Refused(errors) => errors.first().map_or(0, |error| error.status),
            _ => 0,
        }
    }

    /// Whether one of the errors has a code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        match self {
            Self::Refused(errors) => {
                errors.iter().any(|error| error.code.eq_ignore_ascii_case(code))
            }
            _ => false,
        }
    }

    /// Whether the answer says that there is no such thing: a 404 in Azure's own form, since a proxy answers 404 too.
    pub(crate) fn is_absent(&self) -> bool {
        let Self::Refused(errors) = self else { return false };
        let scope = [
            "SubscriptionNotFound",
            "InvalidSubscriptionId",
            "InvalidResourceType",
            "NoRegisteredProviderFound",
        ];
        errors.first().is_some_and(|error| {
            error.status == 404 && !error.code.is_empty() && !scope.contains(&error.code.as_str())
        })
    }

    /// Whether the same call may succeed a little later.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unreachable(unreachable) => unreachable.passes,
            Self::Refused(errors) => {
                let known =
                    |error: &AzureError| catalog::azure_error(&error.code).map(|row| row.passes);
                let by_status = |status| matches!(status, 408 | 429 | 500 | 502..=504);
                !errors.is_empty()
                    && errors.iter().all(|error| known(error).unwrap_or(by_status(error.status)))
            }
            Self::Failed(_) => false,
        }
    }

    /// As the end of a deployment: what failed, Azure's own innermost error, the resource and the next step.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        let errors = match self {
            Self::Failed(failure) => return failure.clone(),
            Self::Unreachable(unreachable) => return unreachable.failure().during(what),
            Self::Refused(errors) => errors,
        };
        let mut lines = Vec::new();
        for error in errors {
            let mut line = error.code.clone();
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(error.message.trim());
            if !error.target.is_empty() && !error.message.contains(&error.target) {
                line = format!("{line} ({})", error.target);
            }
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let mut failure = Failure::azure(what, lines.join("\n"));
        for error in errors {
            let advice = catalog::azure_error(&error.code).map_or("", |row| row.advice);
            if !advice.is_empty() && !failure.help.iter().any(|step| step == advice) {
                failure = failure.help(advice);
            }
        }
        if failure.help.is_empty() {
            let step = match self.status() {
                401 => "log in again; Azure did not accept the token",
                403 => {
                    "request a role that allows this action, or network access from this address"
                }
                408 | 429 | 500.. => {
                    "Azure is throttling requests; run the same command again later"
                }
                _ => "fix the problem that the message describes, then run the same command again",
            };
            failure = failure.help(step);
        }
        failure
    }
}

/// The errors of a resource or an operation that failed: `error`, or what stands in `properties.error`.
pub(super) fn errors_of(value: &Value) -> Vec<AzureError> {
    let mut errors = Vec::new();
    innermost(value, "", &mut errors);
    errors
}

/// Walks down `details`, and down messages that are JSON themselves, as those of nested deployments are
/// (<https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/find-error-code>).
fn innermost(error: &Value, target: &str, found: &mut Vec<AzureError>) {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let target = if text("target").is_empty() { target } else { text("target") };
    let details = error.get("details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let before = found.len();
    for detail in details {
        innermost(detail, target, found);
    }
    // The Batch data plane wraps its message: `{"lang": "en-US", "value": "..."}`.
    let wrapped = error.pointer("/message/value").and_then(Value::as_str);
    let message = wrapped.unwrap_or_else(|| text("message"));
    if found.len() > before {
        let known = |code: &str| catalog::azure_error(code).is_some();
        let details_known = found[before..].iter().any(|detail| known(&detail.code));
        if known(text("code")) && !details_known {
            // Its details describe it, as Batch names the property that cannot be updated.
            let mut lines = vec![message.to_owned()];
            let details = found.drain(before..).filter(|detail| detail.message != message);
            lines.extend(details.map(|detail| format!("{}: {}", detail.code, detail.message)));
            found.push(AzureError {
                status: 0,
                code: text("code").to_owned(),
                message: lines.join("\n"),
                target: target.to_owned(),
            });
        }
        return;
    }
    if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(message) {
        innermost(inner.get("error").unwrap_or(&inner), target, found);
        if found.len() > before {
            return;
        }
    }
    if !text("code").is_empty() || !message.is_empty() {
        found.push(AzureError {
            status: 0,
            code: text("code").to_owned(),
            message: message.to_owned(),
            target: target.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The shape of Azure's answers in Azure/Batch#85 and hashicorp/terraform#7986.
    #[test]
    fn an_error_that_is_known_keeps_its_code_and_tells_its_details() {
        let why = "A property that cannot be updated was specified as part of the request.";
        let refused = json!({ "code": "PropertyCannotBeUpdated", "message": why, "target": "BatchAccount",
            "details": [{ "code": "Reason", "message": why }, { "code": "PropertyName", "message": "networkConfiguration" }] });
        let error = ended(
            &json!({ "code": "DeploymentFailed", "message": "See details.", "details": [refused] }),
        );
        assert_eq!(error.code(), "PropertyCannotBeUpdated");
        let failure = error.failure("stage batch failed");
        assert!(failure.reason.contains("PropertyName: networkConfiguration"), "{failure}");
        assert!(failure.help[0].contains("blue-green"), "{failure}");
        let busy = json!({ "code": "RetryableError", "message": "A retryable error occurred.", "details": [
            { "code": "ReferencedResourceNotProvisioned", "message": "Cannot proceed with operation." }] });
        assert!(ended(&busy).passes());
    }

    #[test]
    fn a_wrapping_gives_way_to_what_it_wraps() {
        let inner =
            json!({ "error": { "code": "SkuNotAvailable", "message": "not here" } }).to_string();
        let wrapped = json!({ "code": "DeploymentFailed", "message": "See details.",
            "details": [{ "code": "Conflict", "message": inner }] });
        assert_eq!(ended(&wrapped).code(), "SkuNotAvailable");
    }

    fn ended(error: &Value) -> CallError {
        CallError::Refused(errors_of(error))
    }
}
