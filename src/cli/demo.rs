//! `trunkline demo`: the story on loopback, told with the real router and real gateways.

mod gateway;
mod phone;
mod router;
mod screen;
mod stage;
mod story;

use super::{CLEAN, FINDINGS, Global, NO_ANSWER};
use screen::Screen;
use stage::Stage;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Show the whole story on loopback: calls, a failover, a hot reload, a broken file
///
/// Starts the router and two gateways as processes of their own, on free ports of 127.0.0.1 and in a temporary folder, and
/// places calls. Every step is checked from outside: what the gateways received, what the call records say. After the story
/// it goes on with a call a second, until Ctrl-C, so that you can edit the file and stop gateways yourself.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tell the story once; exit 1 if a check fails
    #[arg(long)]
    once: bool,
}

pub fn run(args: Args, _global: &Global) -> ExitCode {
    match super::runtime::block_on(play(&args)) {
        Ok(code) => ExitCode::from(code),
        Err(complaint) => {
            anstream::eprintln!("demo: {complaint}");
            ExitCode::from(NO_ANSWER)
        }
    }
}

/// The stage is struck in any case: its processes end with it.
async fn play(args: &Args) -> Result<u8, String> {
    let mut stopped = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut hung_up = signal(SignalKind::hangup()).map_err(|error| error.to_string())?;
    tokio::select! {
        code = tell(args) => code,
        _ = tokio::signal::ctrl_c() => {
            anstream::println!("\nThe router and the gateways are stopped.");
            Ok(CLEAN)
        }
        _ = stopped.recv() => Ok(FINDINGS),
        _ = hung_up.recv() => Ok(FINDINGS),
    }
}

async fn tell(args: &Args) -> Result<u8, String> {
    let mut screen = Screen::new();
    screen.overture();
    let mut stage = Stage::set().await?;
    screen.cast(&stage);
    story::tell(&mut stage, &mut screen).await?;
    if !args.once {
        story::go_on(&mut stage, &mut screen).await?;
    }
    story::end(&mut stage, &mut screen).await?;
    Ok(if screen.epilogue() { CLEAN } else { FINDINGS })
}
