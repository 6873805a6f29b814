//! What comes from files beside the routes, or goes to other routers' databases.

use crate::config::lower::{OneOrMany, Several, document};
use crate::config::value::{
    Added, Apply, DatabaseUrl, FilePath, Int, Loss, OneCharacter, Percent, Price, Reference, SyncDialect, Text, Unowned,
};

document! {
    /// Exact replacements of numbers.
    NumberTable {
        required {
            /// A CSV file with a header; a relative path counts from the root file's directory.
            file: FilePath,
            /// Which columns hold what.
            columns: NumberColumns,
        }
        optional {
            /// What stands between columns. Default `,`.
            delimiter: OneCharacter,
            /// For people.
            description: Text,
        }
    }

    /// The columns of a table of numbers.
    NumberColumns {
        required {
            /// The number that is looked up.
            from: Text,
            /// What replaces it.
            to: Text,
        }
    }

    /// A rate sheet.
    Sheet {
        required {
            /// A CSV file with a header; a relative path counts from the root file's directory.
            file: FilePath,
            /// Which columns hold what.
            columns: SheetColumns,
            /// Where its destinations are reached: gateways or lists.
            gateway: OneOrMany<Reference>,
        }
        optional {
            /// What stands between columns. Default `,`.
            delimiter: OneCharacter,
            /// What stands before the fraction of a price. Default `.`.
            decimal: OneCharacter,
            /// Digits that are put before the sheet's prefixes.
            prefix_add: Added,
            /// For people.
            description: Text,
        }
    }

    /// The columns of a rate sheet.
    SheetColumns {
        required {
            /// The prefix.
            prefix: Text,
            /// The price.
            rate: Text,
        }
        optional {
            /// The date from which a row holds.
            from: Text,
            /// The destination's name.
            description: Text,
        }
    }

    /// Routes by price: for each prefix of any sheet, every sheet's own longest match, cheapest first.
    Lcr {
        required {
            /// The rate sheets.
            sheets: Several<Reference>,
        }
        optional {
            /// The groups that its routes belong to, or `all`. Default: the group `default`.
            group: OneOrMany<Reference>,
            /// At most so many gateways a call.
            max_candidates: Int<1, 100>,
            /// Dearer destinations get no route.
            max_rate: Price,
            /// Prices that differ by no more are equal: kept in the order of `sheets`.
            margin_equal: Percent,
            /// The last resort: a gateway or a list.
            to_tail: Reference,
            /// For people.
            description: Text,
        }
    }

    /// A database of another router.
    Sync {
        required {
            /// Whose tables they are.
            dialect: SyncDialect,
            /// `sqlite:PATH`, `mysql://…` or `postgres://…`; with a password as "${ENV:NAME}".
            url: DatabaseUrl,
        }
        optional {
            /// Rows that trunkline did not write: keep (the default), fail or delete.
            unowned: Unowned,
            /// When it is written: manual (the default) or on-reload.
            apply: Apply,
            /// What the tables can't express: fail (the default) or warn.
            loss: Loss,
            /// For people.
            description: Text,
        }
    }
}
