"""The example organization: what a newcomer finds in it."""

from io import BytesIO

from PIL import Image

from chat import demo, demo_shore
from chat.models import Attachment, Message, Note, Reaction
from workspace.models import Org, Space, SpaceKind


def test_who_first_looks_sees_a_team_at_work(db: None) -> None:
    made = demo.make("Fern Works")

    general, planning = made.spaces
    talk = Message.objects.filter(space=general)
    assert [member.display_name for member in made.members] == ["Ana Ruiz", "Ben Okafor", "Mei Tanaka"]
    assert (general.is_private, planning.is_private, bool(general.topic)) == (False, True, True)
    assert talk.filter(parent__isnull=False).count() == 3
    assert talk.exclude(pinned_at=None).count() == 1
    assert Reaction.objects.filter(message__space=general).count() == 4
    assert {row.file.kind for row in Attachment.objects.filter(message__space=general)} == {"image", "text"}
    assert Note.objects.filter(space=general).count() == 2
    direct = Space.objects.get(org=made.org, kind=SpaceKind.DIRECT)
    assert Message.objects.filter(space=direct).count() == 2


def test_made_again_it_is_the_same_and_nothing_is_said_twice(db: None) -> None:
    first = demo.make("Fern Works")
    count = Message.objects.count()

    again = demo.make("Fern Works")

    assert (again.org, again.members, again.spaces) == (first.org, first.members, first.spaces)
    assert (Org.objects.count(), Message.objects.count()) == (1, count)


def test_its_picture_is_one() -> None:
    picture = Image.open(BytesIO(demo_shore.png()))

    picture.load()
    assert (picture.format, picture.size) == ("PNG", (demo_shore.WIDTH, demo_shore.HEIGHT))
    assert picture.getpixel((620, 330)) != picture.getpixel((100, 330))
