//! The values of the file format: how each is written, read and described to editors.

pub mod address;
pub mod bare;
pub mod choice;
pub mod clock;
pub mod digits;
pub mod look_alike;
pub mod measure;
pub mod reply;
pub mod secret;
pub mod share;
pub mod word;

pub use address::{Address, Bind, GatewayAddress, Network};
pub use choice::{
    Algorithm, Apply, Diversion, GatewayState, HashKey, Identity, LintLevel, Loss, Nat, Policy, ProbeMethod, ProbeWhen,
    RetryAfter, RuleDialect, Side, Switch, SyncDialect, Transport, Unknown, Unowned,
};
pub use clock::{DAY_NAMES, Days, Hours, LocalTime, Moment, OnDate, Zone, clock};
pub use digits::{Added, Called, CallerId, Prefix, StripCount, StripDigits, UserPattern};
pub use measure::{Age, Bool, Int, Period, PeriodOrOff, Size};
pub use reply::{FinalCode, ReasonPhrase, ReplySet, RetryOn};
pub use secret::{DatabaseUrl, Secret, UserName};
pub use share::{Percent, Price, Rate};
pub use word::{CallerName, Domain, FilePath, IncludePattern, OneCharacter, Reference, SipUri, Text};

/// The schema of a value: a JSON literal, with the type's name for references. Where a variable may stand, the pattern
/// lets it through.
macro_rules! schema {
    ($type:ty, $name:literal, $json:tt) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = schemars::json_schema!($json);
                if <$type as $crate::config::lower::Scalar>::REFERS {
                    $crate::config::value::let_variables_through(&mut schema);
                }
                schema
            }
        }
    };
}
use schema;

/// Adds `${ENV:NAME}` to the pattern of a text.
fn let_variables_through(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::String(pattern)) = schema.get_mut("pattern") {
        pattern.push_str(r"|\$\{ENV:[A-Za-z_][A-Za-z0-9_]*\}");
    }
}
