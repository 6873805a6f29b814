//! A schedule that is over, or not active in the next ten years (TL0407).

use super::Ground;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::{InstantSet, Instants, ScheduleIx};

pub fn check(ground: &Ground, instants: &Instants, report: &mut Report) {
    for (at, entry) in ground.model.schedules().iter().enumerate() {
        let Some(schedule) = entry.value.as_ref().filter(|schedule| !schedule.timerec.stands()) else { continue };
        let Some(place) = ground.schedule(at) else { continue };
        if instants.of_schedule(ScheduleIx(place)) != InstantSet::NEVER {
            continue;
        }
        let over = ground.table().schedules().get(ScheduleIx(place)).is_some_and(|s| s.is_over(ground.now));
        let message = match over {
            true => format!("schedule `{}` is over", entry.id),
            false => format!("schedule `{}` is never active in the next ten years", entry.id),
        };
        let mut diagnostic = Diagnostic::new(Code::DeadSchedule, entry.span, message);
        if let Some(until) = schedule.until.given().filter(|_| over) {
            diagnostic = diagnostic.related(until.span, "it ended here");
        }
        report.push(diagnostic.help("mend it, or delete it with the routes that are active by it alone"));
    }
}
