"""Rows as the archive says them.

*Called by*: chat.passages.parley.org_out and member_out. *Keeps true*: every shape here is in docs/export.md; what is
empty, false or unknown is left out.
"""

from typing import Any

from chat import mentions
from chat.models import File, Message, Note, Reply
from workspace.models import Member, Space


def space(row: Space, *, messages: int) -> dict[str, Any]:
    seats = row.space_members.select_related("member").order_by("created_at", "pk")
    return filled(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        is_private=row.is_private,
        topic=row.topic,
        description=row.description,
        instructions=row.instructions,
        created_at=row.created_at,
        archived_at=row.archived_at,
        members=[{"member": seat.member_id, "role": seat.role, "joined_at": seat.created_at} for seat in seats],
        notes=[note(each) for each in Note.objects.filter(space=row)],
        messages=messages,
    )


def note(row: Note) -> dict[str, Any]:
    return filled(
        id=row.pk,
        author=row.author_id,
        text=row.text,
        message=row.message_id,
        created_at=row.created_at,
        changed_at=row.changed_at,
        changed_by=row.changed_by_id,
    )


def member(row: Member, *, has_address: bool) -> dict[str, Any]:
    return filled(
        id=row.pk,
        handle=row.handle,
        name=row.display_name,
        title=row.title,
        role=row.role,
        email=row.email if has_address else "",
        created_at=row.created_at,
        left_at=row.left_at,
    )


def file(row: File) -> dict[str, Any]:
    return filled(
        id=row.pk,
        name=row.name,
        uploader=row.uploader_id,
        kind=row.kind,
        media_type=row.media_type,
        created_at=row.created_at,
    )


def message(row: Message, *, known_spaces: frozenset[Any]) -> dict[str, Any]:
    """`known_spaces` are those that the archive may name: what was forwarded from elsewhere does not say from where."""
    original = row.forwarded_from if row.forwarded_from and row.forwarded_from.space_id in known_spaces else None
    said = filled(
        id=row.pk,
        position=row.position,
        author=row.author_id,
        ai_model=_ai_model(row),
        text=row.text,
        mentions=_mentions(row),
        created_at=row.created_at,
        edited_at=row.edited_at,
        edits=[{"text": edit.text, "until": edit.at} for edit in row.edits.all()],
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by_id,
        parent=row.parent_id,
        pinned_at=row.pinned_at,
        pinned_by=row.pinned_by_id,
        reactions=[
            {"emoji": each.emoji, "member": each.member_id, "at": each.created_at} for each in row.reactions.all()
        ],
        files=[each.file_id for each in row.attachments.all()],
        forwarded_from=original and {"space": original.space_id, "message": original.pk},
        brought_from=row.brought_from,
        reply=reply(row.reply) if row.is_by_ai_model else None,
    )
    return said | {"in_feed": row.in_feed}


def reply(row: Reply) -> dict[str, Any]:
    return filled(
        state=row.state,
        reason=row.reason,
        question=row.question_id,
        asked_by=row.asked_by_id,
        retry_of=row.retry_of and row.retry_of.message_id,
        provider=row.provider_name,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cost_ucr=row.cost_ucr,
        is_estimated=row.is_estimated,
        is_stale=row.is_stale,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def filled(**facts: Any) -> dict[str, Any]:
    """Those that say something; 0 does."""
    return {
        name: value
        for name, value in facts.items()
        if value is not None and value is not False and value not in ("", [])
    }


def _ai_model(row: Message) -> dict[str, Any] | None:
    return {"handle": row.ai_model.handle, "name": row.ai_model.name} if row.ai_model else None


def _mentions(row: Message) -> list[dict[str, Any]]:
    """What the marks in the text and in earlier texts mean; `called` are those that the message calls now."""
    called: dict[str, str] = {}
    for each in row.mentions.all():
        if each.member:
            called[f"M:{each.member_id}"] = each.member.handle
        elif each.ai_model:
            called[f"A:{each.ai_model_id}"] = each.ai_model.handle
        else:
            called[f"G:{each.group}"] = each.group
    before = [edit.html for edit in row.edits.all() if "<@" in edit.text]
    once = mentions.names_in(before, row.org_id) if before else {}
    said = [{"mark": mark, "handle": handle, "called": True} for mark, handle in called.items()]
    return said + [{"mark": mark, "handle": handle} for mark, handle in once.items() if mark not in called]
