"""Tables of the workspace, one file a noun."""

from workspace.models.audit import AuditLine
from workspace.models.invitation import Invitation
from workspace.models.member import Availability, Member, Role
from workspace.models.org import Org
from workspace.models.picture import Picture
from workspace.models.space import FormerViewer, NoticeLevel, Section, Space, SpaceKind, SpaceMember, SpaceRole
from workspace.models.user import User

__all__ = [
    "AuditLine",
    "Availability",
    "FormerViewer",
    "Invitation",
    "Member",
    "NoticeLevel",
    "Org",
    "Picture",
    "Role",
    "Section",
    "Space",
    "SpaceKind",
    "SpaceMember",
    "SpaceRole",
    "User",
]
