//! The values of the file format: how each is written, read and described to editors.

pub mod address;
pub mod bare;
pub mod digits;
pub mod look_alike;
pub mod measure;
pub mod reply;
pub mod word;

pub use address::{Address, Bind, Network};
pub use digits::{Added, Prefix, StripCount, StripDigits, UserPattern};
pub use measure::{Age, Bool, Int, Period, PeriodOrOff, Size};
pub use reply::{FinalCode, ReplySet, RetryOn};
pub use word::{Domain, FilePath, Policy, ProbeMethod, ProbeWhen, Reference, SipUri, Text, Transport, Unknown};

/// The schema of a value: a JSON literal, with the type's name for references.
macro_rules! schema {
    ($type:ty, $name:literal, $json:tt) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($json)
            }
        }
    };
}
use schema;
