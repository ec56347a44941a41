"""What the database refuses by itself, whatever the code above it believes: SQL by hand, as the application's own role."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from catalog.models import AIModel
from chat import feed
from chat.models import Message, Reply
from workspace import audit, invitations
from workspace.models import AuditLine, Role


def sql(statement: str, **values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        # Deferred keys are checked now, not at the end of the test.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return int(cursor.rowcount)


@pytest.fixture
def ids(juniper: SimpleNamespace, other: SimpleNamespace) -> dict[str, Any]:
    """One of everything of ours, and of theirs."""
    link = invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7)
    (ours,) = feed.post(juniper.space, juniper.ana, text="ours", client_id=uuid4())
    (theirs,) = feed.post(other.space, other.ana, text="theirs", client_id=uuid4())
    owl = AIModel.objects.create(key="owl", handle="owl", name="Owl")
    placed = {"org": juniper.org, "space": juniper.space, "ai_model": owl}
    answer = Message.objects.create(position=9, revision=9, **placed)
    asked = {"question": ours, "asked_by": juniper.mei, "reads_to": 1}
    reply = Reply.objects.create(
        message=answer, state="refused", reason="x", ended_at=timezone.now(), **asked, **placed
    )
    return {
        "reply": reply.pk,
        "org": juniper.org.pk,
        "space": juniper.space.pk,
        "member": juniper.mei.pk,
        "message": ours.pk,
        "link": link.pk,
        "their_org": other.org.pk,
        "their_space": other.space.pk,
        "their_member": other.mei.pk,
        "their_message": theirs.pk,
        "fresh": uuid4(),
    }


# A pair of columns, the first of them the organization, that refers to a pair.
PAIRED = """
    SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
    JOIN pg_attribute o ON o.attrelid = c.conrelid AND o.attnum = c.conkey[1] AND o.attname = 'org_id'
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
    WHERE c.contype = 'f' AND cardinality(c.conkey) = 2"""
SEAT = "read_position, notice_level, is_muted, is_favourite, is_hidden"
ACROSS = {
    "an answer to a question of theirs": "UPDATE chat_reply SET question_id = %(their_message)s WHERE id = %(reply)s",
    "an answer asked for by one of theirs": "UPDATE chat_reply SET asked_by_id = %(their_member)s WHERE id = %(reply)s",
    "an answer in a Space of theirs": "UPDATE chat_reply SET space_id = %(their_space)s WHERE id = %(reply)s",
    "an answer that stands in a message of theirs": "UPDATE chat_reply SET message_id = %(their_message)s WHERE id = %(reply)s",
    "a member of theirs in a Space of ours": f"""
        INSERT INTO workspace_spacemember (org_id, space_id, member_id, role, created_at, {SEAT})
        VALUES (%(org)s, %(space)s, %(their_member)s, 'editor', now(), 0, '', false, false, false)""",
    "a member of ours in a Space of theirs": f"""
        INSERT INTO workspace_spacemember (org_id, space_id, member_id, role, created_at, {SEAT})
        VALUES (%(org)s, %(their_space)s, %(member)s, 'editor', now(), 0, '', false, false, false)""",
    "a seat that claims to be theirs": "UPDATE workspace_spacemember SET org_id = %(their_org)s WHERE space_id = %(space)s",
    "a Space that one of theirs made": "UPDATE workspace_space SET created_by_id = %(their_member)s WHERE id = %(space)s",
    "an invitation into a Space of theirs": """
        UPDATE workspace_invitation SET space_id = %(their_space)s WHERE id = %(link)s""",
    "an invitation made by one of theirs": """
        UPDATE workspace_invitation SET created_by_id = %(their_member)s WHERE id = %(link)s""",
    "a line of the trail by one of theirs": """
        INSERT INTO workspace_auditline (org_id, at, actor_id, action, subject, details)
        VALUES (%(org)s, now(), %(their_member)s, 'x', 'x', '{}')""",
    "a message moved to their Space": """
        UPDATE chat_message SET space_id = %(their_space)s, position = 9, revision = 9 WHERE id = %(message)s""",
    "a message by one of theirs": "UPDATE chat_message SET author_id = %(their_member)s WHERE id = %(message)s",
    "a message that claims to be theirs": "UPDATE chat_message SET org_id = %(their_org)s WHERE id = %(message)s",
    "a mention of one of theirs": """
        INSERT INTO chat_mention (org_id, message_id, kind, member_id, "group")
        VALUES (%(org)s, %(message)s, 'member', %(their_member)s, '')""",
    "a mention in a message of theirs": """
        INSERT INTO chat_mention (org_id, message_id, kind, member_id, "group")
        VALUES (%(org)s, %(their_message)s, 'member', %(member)s, '')""",
}


@pytest.mark.parametrize("what", ACROSS)
def test_the_database_refuses_what_crosses_organizations(what: str, ids: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="violates foreign key constraint"):
        sql(ACROSS[what], **ids)


BROKEN = {
    "a message of nobody": "UPDATE chat_message SET author_id = NULL WHERE id = %(message)s",
    "a mention of two kinds": """
        INSERT INTO chat_mention (org_id, message_id, kind, member_id, "group")
        VALUES (%(org)s, %(message)s, 'group', %(member)s, 'here')""",
    "a message in a place that is taken": """
        INSERT INTO chat_message (id, org_id, space_id, author_id, position, revision, client_id, text, html, created_at, in_feed)
        VALUES (%(fresh)s, %(org)s, %(space)s, %(member)s, 1, 1, %(fresh)s, '', '', now(), true)""",
    "a message that changed before it came": "UPDATE chat_message SET revision = position - 1 WHERE id = %(message)s",
    "an invitation that made an owner": "UPDATE workspace_invitation SET role = 'owner' WHERE id = %(link)s",
    "an invitation used too often": "UPDATE workspace_invitation SET uses = max_uses + 1 WHERE id = %(link)s",
    "a role that there is not": "UPDATE workspace_member SET role = 'king' WHERE id = %(member)s",
    "a direct conversation in public": "UPDATE workspace_space SET kind = 'direct', direct_key = 'x' WHERE id = %(space)s",
    "a Space that counts backwards": "UPDATE workspace_space SET revision = -1 WHERE id = %(space)s",
    "an address twice, in another case": """
        INSERT INTO workspace_user
            (id, email, password, name, language, time_zone, browser_zone, sends_on_enter,
             is_active, is_operator, created_at)
        VALUES (%(fresh)s, 'MEI@juniper.example.com', '', '', '', '', '', true, true, false, now())""",
}


def test_every_reference_between_rows_of_organizations_names_the_organization_too(db: None) -> None:
    owned = [model for model in apps.get_models() if any(field.name == "org" for field in model._meta.fields)]
    wanted = {
        (model._meta.db_table, field.column)
        for model in owned
        for field in model._meta.fields
        if field.is_relation and field.name != "org" and (field.related_model in owned or field.column == "thread_id")
    }

    with connection.cursor() as cursor:
        cursor.execute(PAIRED)
        missing = wanted - set(cursor.fetchall())

    assert missing == set()


@pytest.mark.parametrize("what", BROKEN)
def test_the_database_refuses_what_cannot_be(what: str, ids: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="violates (check|unique) constraint|violates not-null|duplicate key"):
        sql(BROKEN[what], **ids)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workspace_auditline SET action = 'nothing.happened'",
        "DELETE FROM workspace_auditline",
        "TRUNCATE workspace_auditline",
        "ALTER TABLE workspace_auditline DISABLE TRIGGER ALL",
        "DROP TABLE workspace_auditline",
    ],
)
def test_the_trail_only_grows(statement: str, juniper: SimpleNamespace) -> None:
    audit.record(juniper.org, juniper.ana, "org.tried", "x" * 300, count=1)
    before = AuditLine.objects.count()

    with pytest.raises(DatabaseError, match="permission denied|must be owner|append-only"):
        sql(statement)

    assert AuditLine.objects.count() == before
    last = AuditLine.objects.latest("id")
    assert (last.subject, last.details) == ("x" * 120, {"count": 1})


def test_the_trails_table_is_only_read_and_added_to(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r, has_table_privilege(current_user, 'workspace_auditline', r) FROM unnest(%s::text[]) AS r",
            [["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER"]],
        )
        rights = dict(cursor.fetchall())

    assert {right for right, has in rights.items() if has} == {"SELECT", "INSERT"}


def test_a_line_is_written_with_its_change_or_not_at_all(juniper: SimpleNamespace) -> None:
    before = AuditLine.objects.count()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        invitations.create(juniper.ana, juniper.space, role=Role.MEMBER, days=7)
        raise ZeroDivisionError

    assert AuditLine.objects.count() == before


def test_the_applications_role_cannot_grant_itself_more(juniper: SimpleNamespace) -> None:
    for statement in (
        "SET ROLE parley_owner",
        "CREATE TABLE mine (id int)",
        "ALTER FUNCTION refuse_change() OWNER TO parley_app",
    ):
        with pytest.raises(DatabaseError):
            sql(statement)
