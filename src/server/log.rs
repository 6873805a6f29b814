//! The log of a running router: text or JSON on standard error.
//!
//! What is logged is chosen by `-v` and `-q`, or in full detail by `TRUNKLINE_LOG` (`debug`, `trunkline::server=trace`).

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    #[default]
    Text,
    Json,
}

/// Installs the log for the whole process. A second call does nothing.
pub fn init(style: Style, level: LevelFilter, colour: bool) {
    let filter =
        EnvFilter::builder().with_env_var("TRUNKLINE_LOG").with_default_directive(level.into()).from_env_lossy();
    // Whoever read our standard error may be gone. The subscriber would complain about that on standard error, and
    // panic: calls matter more than the log.
    let line = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .with_target(false);
    // The only error is that a log is installed already.
    let _ = match style {
        Style::Text => line.with_ansi(colour).try_init(),
        Style::Json => line.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
