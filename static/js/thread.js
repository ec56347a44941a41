// What a thread brings to life, on its page or in the side panel.
// Called by: templates/chat/thread.html; side-panel, by the data-modules of the part.
import "parley/elements/reply-text";
import "parley/elements/thread-feed";
import "parley/elements/mention-list";
import "parley/elements/command-list";
import "parley/elements/call-note";
import "parley/elements/emoji-list";
import "parley/elements/preview-switch";
import "parley/elements/message-composer";
import "parley/elements/file-tray";
import "parley/elements/draft-keeper";
import "parley/elements/typing-line";
