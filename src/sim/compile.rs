//! A configuration's text as a snapshot, by the compiler that every command uses.

use super::world::START;
use crate::config::{FileSet, compile_at};
use crate::flow::SocketIx;
use crate::proxy::Snapshot;
use std::sync::Arc;

/// Compiles one file's text; its listeners' sockets are numbered in their order. An error is what a person would see.
pub fn snapshot(text: &str) -> Result<Arc<Snapshot>, String> {
    let set = FileSet::of(&[("routes.yaml", text)]);
    let (compiled, diagnostics) = compile_at(&set, START.wall);
    let Some(compiled) = compiled else { return Err(diagnostics.human(false)) };
    let mut snapshot = compiled.snapshot;
    let Some(fresh) = Arc::get_mut(&mut snapshot) else { return Err("the snapshot is shared already".into()) };
    fresh.listeners.iter_mut().zip(0..).for_each(|(listener, n)| listener.socket = SocketIx(n));
    Ok(snapshot)
}
