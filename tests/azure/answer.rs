//! What the stand-in answers, and the shapes in which Azure refuses.

use serde_json::{Value, json};

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub content_type: &'static str,
}

/// What a request gives: an answer, or a refusal, which is an answer too.
pub type Outcome = Result<Answer, Answer>;

const JSON: &str = "application/json; charset=utf-8";

impl Answer {
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), content_type: JSON }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..Self::empty(status) }
    }

    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub fn bytes(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { body, content_type, ..Self::empty(200) }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A page of a list: `value`, and no `nextLink`.
pub fn list(values: &[Value]) -> Answer {
    Answer::ok(&json!({ "value": values }))
}

/// ARM's error object.
///
/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations> and
/// `ErrorResponse` of the common types of the REST API specifications (v5).
pub fn error_object(code: &str, message: impl Into<String>) -> Value {
    json!({ "code": code, "message": message.into() })
}

/// A refusal of ARM or of a resource provider.
pub fn refusal(status: u16, code: &str, message: impl Into<String>) -> Answer {
    refuse_with(status, &error_object(code, message))
}

/// A refusal with an error object of its own.
pub fn refuse_with(status: u16, error: &Value) -> Answer {
    Answer::json(status, &json!({ "error": error }))
        .with_header("x-ms-failure-cause", if status < 500 { "gateway" } else { "service" })
}

/// `ResourceNotFound`, as <https://aka.ms/ARMResourceNotFoundFix> shows it.
pub fn resource_not_found(kind: &str, name: &str, group: &str) -> Answer {
    refusal(
        404,
        "ResourceNotFound",
        format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more \
             details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}

/// A refusal of the Batch data plane.
///
/// Shape: <https://learn.microsoft.com/rest/api/batchservice/batch-status-and-error-codes>.
pub fn batch_refusal(status: u16, code: &str, text: &str) -> Answer {
    Answer::json(
        status,
        &json!({
            "odata.metadata": "https://account.region.batch.azure.com/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
            "code": code,
            "message": { "lang": "en-US", "value": format!("{text}\nRequestId:00000000-0000-0000-0000-000000000000\nTime:2026-01-01T00:00:00.0000000Z") },
        }),
    )
}

/// A refusal of a registry's data plane.
///
/// Shape: the errors of the OCI distribution specification, section "Error Codes".
pub fn registry_refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "errors": [{ "code": code, "message": message, "detail": null }] }),
    )
}

/// A refusal of a token endpoint.
///
/// Shape: RFC 6749, section 5.2, with the fields that
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes> adds.
pub fn token_refusal(status: u16, error: &str, number: u32, text: &str) -> Answer {
    Answer::json(
        status,
        &json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: 0 Correlation ID: 0 Timestamp: 2026-01-01 00:00:00Z"),
            "error_codes": [number],
            "timestamp": "2026-01-01 00:00:00Z",
            "trace_id": "00000000-0000-0000-0000-000000000000",
            "correlation_id": "00000000-0000-0000-0000-000000000000",
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        }),
    )
}

/// A refusal of blob storage, which writes XML.
///
/// Shape: <https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2>.
pub fn blob_refusal(status: u16, code: &str, message: &str) -> Answer {
    let text = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code>\
         <Message>{message}\nRequestId:0\nTime:2026-01-01T00:00:00Z</Message></Error>"
    );
    Answer { status, ..Answer::bytes("application/xml", text.into_bytes()) }
        .with_header("x-ms-error-code", code)
}
