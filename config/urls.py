"""Every URL, in one place: tests/test_access_matrix.py reads this list and fails on one that it does not know.

*Called by*: Django. Why these shapes: docs/decisions.md.
"""

from django.urls import include, path

from chat.views import (
    directs,
    entry,
    files,
    health,
    languages,
    links,
    messages,
    org_settings,
    people,
    profile,
    replies,
    search,
    sidebar,
    spaces,
    threads,
)

urlpatterns = [
    path("", entry.home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("welcome/", entry.welcome, name="welcome"),
    path("join/<str:key>/", entry.join, name="join"),
    path("orgs/<slug:slug>/", entry.org, name="org"),
    path("orgs/<slug:slug>/spaces/", spaces.index, name="spaces"),
    path("orgs/<slug:slug>/sidebar/", sidebar.show, name="sidebar"),
    path("orgs/<slug:slug>/search/", search.index, name="search"),
    path("orgs/<slug:slug>/people/", people.index, name="people"),
    path("orgs/<slug:slug>/people/<uuid:member_id>/", people.card, name="person"),
    path("members/<uuid:member_id>/", people.find, name="member"),
    path("members/<uuid:member_id>/picture/", people.picture, name="member_picture"),
    path("profile/", profile.mine, name="profile"),
    path("orgs/<slug:slug>/profile/", profile.identity, name="profile_identity"),
    path("orgs/<slug:slug>/profile/picture/", profile.picture, name="profile_picture"),
    path("orgs/<slug:slug>/profile/status/", profile.status, name="profile_status"),
    path("orgs/<slug:slug>/profile/availability/", profile.availability, name="profile_availability"),
    path("orgs/<slug:slug>/presence/", people.presence_now, name="presence"),
    path("orgs/<slug:slug>/directs/", directs.index, name="directs"),
    path("orgs/<slug:slug>/people/invite/", people.invite, name="invite"),
    path("orgs/<slug:slug>/people/<uuid:member_id>/remove/", people.remove, name="remove_from_org"),
    path("invitations/<uuid:invitation_id>/revoke/", people.revoke, name="revoke_invitation"),
    path("spaces/<uuid:space_id>/", spaces.show, name="space"),
    path("spaces/<uuid:space_id>/edit/", spaces.edit, name="space_edit"),
    path("spaces/<uuid:space_id>/hide/", directs.hide, name="direct_hide"),
    path("spaces/<uuid:space_id>/members/", spaces.members, name="space_members"),
    path("spaces/<uuid:space_id>/members/<uuid:member_id>/remove/", spaces.remove_member, name="remove_from_space"),
    path("spaces/<uuid:space_id>/messages/", messages.index, name="messages"),
    path("spaces/<uuid:space_id>/changes/", messages.changes, name="changes"),
    path("spaces/<uuid:space_id>/mentionables/", messages.mentionables, name="mentionables"),
    path("orgs/<slug:slug>/files/", files.org, name="org_files"),
    path("spaces/<uuid:space_id>/files/", files.space, name="space_files"),
    path("files/<uuid:file_id>/", files.show, name="file"),
    path("files/<uuid:file_id>/discard/", files.discard, name="file_discard"),
    path("files/<uuid:file_id>/preview", files.preview, name="file_preview"),
    path("files/<uuid:file_id>/<str:name>", files.content, name="file_content"),
    path("messages/<uuid:message_id>/", messages.show, name="message"),
    path("messages/<uuid:message_id>/links/<uuid:link_id>/hide/", links.hide, name="preview_hide"),
    path("orgs/<slug:slug>/settings/", org_settings.show, name="org_settings"),
    path("messages/<uuid:message_id>/thread/", threads.show, name="thread"),
    path("messages/<uuid:message_id>/thread/follow/", threads.follow, name="thread_follow"),
    path("messages/<uuid:message_id>/thread/unfollow/", threads.unfollow, name="thread_unfollow"),
    path("messages/<uuid:message_id>/thread/read/", threads.read, name="thread_read"),
    path("orgs/<slug:slug>/threads/", threads.index, name="threads"),
    path("replies/<uuid:reply_id>/", replies.show, name="reply"),
    path("replies/<uuid:reply_id>/stop/", replies.stop, name="reply_stop"),
    path("replies/<uuid:reply_id>/retry/", replies.retry, name="reply_retry"),
    path("language/", languages.choose, name="language"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "workspace.middleware.malformed"
handler404 = "workspace.middleware.missing"
handler500 = "workspace.middleware.crashed"
