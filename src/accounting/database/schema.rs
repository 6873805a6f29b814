//! The migrations of `migrations/sqlite/`, compiled in and applied when the database is opened.

use super::in_words;
use crate::accounting::text::time_of;
use refinery::{Migration, Runner};
use rusqlite::{Connection, Error, OptionalExtension};

/// In order; the number of the last one is the schema's version.
const MIGRATIONS: &[(&str, &str)] =
    &[("V1__calls", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/V1__calls.sql")))];

/// Brings the database to the present schema. The error says what to do.
pub fn migrate(connection: &mut Connection) -> Result<(), String> {
    let applied = applied(connection).map_err(|e| in_words(&e))?;
    let newest = MIGRATIONS.len() as i64;
    if applied.iter().any(|row| !row.is_ours) {
        return Err("the table refinery_schema_history in it is not trunkline's: name another path".into());
    }
    match applied.last() {
        Some(last) if last.version > newest => {
            let version = last.version;
            return Err(format!(
                "it was written by a newer trunkline (schema {version}, this one knows {newest}): run that one, or name \
                 another path"
            ));
        }
        Some(last) if last.version == newest => return Ok(()),
        _ => {}
    }
    let migrations: Result<Vec<_>, _> = MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    let run = migrations.and_then(|migrations| Runner::new(&migrations).run(connection));
    run.map(|_| ()).map_err(|e| format!("its tables can't be made: {e}"))
}

struct Applied {
    version: i64,
    is_ours: bool,
}

/// What refinery would read. It panics at a time or a checksum that it did not write, so these are looked at first.
fn applied(connection: &Connection) -> Result<Vec<Applied>, Error> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'refinery_schema_history'";
    if connection.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(Vec::new());
    }
    let sql = "SELECT version, name, applied_on, checksum FROM refinery_schema_history ORDER BY version";
    let mut statement = match connection.prepare(sql) {
        Ok(statement) => statement,
        // Other columns.
        Err(Error::SqliteFailure(e, _)) if e.extended_code == rusqlite::ffi::SQLITE_ERROR => {
            return Ok(vec![Applied { version: 0, is_ours: false }]);
        }
        Err(e) => return Err(e),
    };
    let rows = statement.query_map([], |row| {
        let version: Option<i64> = row.get(0).ok();
        let texts: [Option<String>; 3] = std::array::from_fn(|n| row.get(n + 1).ok());
        let [name, on, checksum] = texts;
        let readable =
            on.is_some_and(|on| time_of(&on).is_some()) && checksum.is_some_and(|c| c.parse::<u64>().is_ok());
        let known = version.and_then(|v| MIGRATIONS.get(usize::try_from(v).ok()?.checked_sub(1)?));
        let named = known.is_none_or(|(file, _)| name.is_some_and(|name| file.ends_with(&format!("__{name}"))));
        Ok(Applied { version: version.unwrap_or(0), is_ours: version.is_some() && readable && named })
    })?;
    rows.collect()
}
