// What the page of a Space brings to life. The feed comes before the composer, which speaks to it.
// Called by: templates/chat/space.html.
import "parley/elements/reply-text";
import "parley/elements/message-feed";
import "parley/elements/mention-list";
import "parley/elements/command-list";
import "parley/elements/call-note";
import "parley/elements/emoji-list";
import "parley/elements/preview-switch";
import "parley/elements/message-composer";
import "parley/elements/file-tray";
import "parley/elements/draft-keeper";
import "parley/elements/typing-line";
import "parley/elements/message-actions";
import "parley/elements/space-star";
import "parley/elements/space-title";
