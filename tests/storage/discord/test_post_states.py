"""What becomes of a post: the changes that storage and steps make are those that docs/design.md lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

from bot.core.posting.posts import Post, PostStep, State, next_step, step_if_not_found
from storage.discord.posts import Posts
from storage.engine.engine import Engine
from tests.steps import documented
from tests.storage.discord.made_posts import NOW, POST

LATE = POST.expires


async def planned(posts: Posts, post: Post) -> Post:
    await posts.plan(post, NOW)
    claimed = await posts.claim(post, "me", NOW)
    assert claimed is not None
    return claimed


async def turned_off(posts: Posts, post: Post) -> Post:
    claimed = await planned(posts, post)
    await posts.drop(post.guild, post.kind)
    return claimed


async def sending(posts: Posts, post: Post) -> Post:
    claimed = await planned(posts, post)
    assert await posts.begin(claimed, "me", NOW)
    return replace(claimed, state=State.SENDING, begun=NOW)


async def sent(posts: Posts, post: Post) -> Post:
    await posts.record((await sending(posts, post)).posted(9, NOW), "me")
    claimed = await posts.claim(post, "me", NOW)
    assert claimed is not None
    return claimed


def over(state: State) -> Callable[[Posts, Post], Awaitable[Post]]:
    async def reach(posts: Posts, post: Post) -> Post:
        if state is State.PUBLISHED:
            published = (await sent(posts, post)).published()
        elif state is State.MISSED:
            published = (await sending(posts, post)).dropped()
        else:
            published = (await sending(posts, post)).given_up("So.", state)
        await posts.record(published, "me")
        return published

    return reach


REACHED = (planned, turned_off, sending, sent, *map(over, (State.PUBLISHED, State.MISSED, State.REFUSED, State.LOST)))
"""Every state that a post can be in, with what whoever claimed it takes it for."""


def outcomes(post: Post) -> list[Post]:
    """Return what delivery may record of a post that it claimed, whatever Discord says."""
    ends = []
    for now in (NOW, LATE):
        match next_step(post, now):
            case PostStep.SEND:
                ends += [post.given_up("Closed.", State.REFUSED), post.dropped()]
            case PostStep.LOOK:
                ends += [post.posted(9, NOW), post.posted(None, NOW)]
                ends += [post.given_up("Wrong.", state) for state in (State.REFUSED, State.LOST)]
                ends += [post.dropped()] if step_if_not_found(post, now) is PostStep.DROP else []
            case PostStep.PUBLISH:
                ends += [post.published(), post.given_up("Closed.", State.REFUSED)]
            case PostStep.DROP:
                ends.append(post.dropped())
            case None:
                ends.append(post.finished())
    return ends


Act = Callable[[Posts, Post], Awaitable[object]]


async def begin(posts: Posts, post: Post) -> None:
    if next_step(post, NOW) in {PostStep.SEND, PostStep.LOOK}:
        await posts.begin(post, "me", NOW)


async def put_off(posts: Posts, post: Post) -> None:
    await posts.put_off(post.put_off(NOW + timedelta(minutes=1), "Later."), "me")


async def redirect(posts: Posts, post: Post) -> None:
    await posts.redirect(replace(post, channel=7), NOW)


async def turn_off(posts: Posts, post: Post) -> None:
    await posts.drop(post.guild, post.kind)


async def plan_again(posts: Posts, post: Post) -> None:
    await posts.plan(replace(post, due=NOW), NOW)


def record(number: int) -> Act:
    async def act(posts: Posts, post: Post) -> None:
        ends = outcomes(post)
        if number < len(ends):
            await posts.record(ends[number], "me")

    return act


ACTS: tuple[Act, ...] = (begin, put_off, redirect, turn_off, plan_again, *map(record, range(12)))


async def step(posts: Posts, post: Post, act: Act) -> tuple[str, str]:
    """Do something with a post; gives what it was and became."""
    was = await posts.last(post.guild, post.kind)
    await act(posts, post)
    now = await posts.last(post.guild, post.kind)
    assert was is not None
    assert now is not None
    return was.state.value, now.state.value


async def test_a_post_changes_as_the_page_says_and_in_no_other_way(database: Engine) -> None:
    posts, steps = Posts(database), set()
    for guild, (reach, act) in enumerate(product(REACHED, ACTS)):
        post = await reach(posts, replace(POST, guild=guild))
        assert len(outcomes(post)) < len(ACTS) - 5
        steps.add(await step(posts, post, act))
    assert {(before, after) for before, after in steps if before != after} == documented("posts")
