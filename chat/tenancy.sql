-- References across organizations are refused by the database itself.
ALTER TABLE chat_message
  ADD CONSTRAINT message_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT message_author_same_org FOREIGN KEY (org_id, author_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_mention
  ADD CONSTRAINT mention_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT mention_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_reply
  ADD CONSTRAINT reply_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT reply_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT reply_question_same_org FOREIGN KEY (org_id, question_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT reply_retried_same_org FOREIGN KEY (org_id, retry_of_id) REFERENCES chat_reply (org_id, id),
  ADD CONSTRAINT reply_stopper_same_org FOREIGN KEY (org_id, stop_asked_by_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT reply_asker_same_org FOREIGN KEY (org_id, asked_by_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_message
  ADD CONSTRAINT message_parent_same_org FOREIGN KEY (org_id, parent_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT message_original_same_org FOREIGN KEY (org_id, forwarded_from_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT message_deleter_same_org FOREIGN KEY (org_id, deleted_by_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT message_pinner_same_org FOREIGN KEY (org_id, pinned_by_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_file
  ADD CONSTRAINT file_uploader_same_org FOREIGN KEY (org_id, uploader_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_imported
  ADD CONSTRAINT imported_bringer_same_org FOREIGN KEY (org_id, brought_by_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_thread
  ADD CONSTRAINT thread_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id);
ALTER TABLE chat_threadmember
  ADD CONSTRAINT threadmember_thread_same_org FOREIGN KEY (org_id, thread_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT threadmember_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_words
  ADD CONSTRAINT words_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id);
ALTER TABLE chat_edit
  ADD CONSTRAINT edit_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id);
ALTER TABLE chat_reaction
  ADD CONSTRAINT reaction_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT reaction_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_bookmark
  ADD CONSTRAINT bookmark_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT bookmark_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_attachment
  ADD CONSTRAINT attachment_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT attachment_file_same_org FOREIGN KEY (org_id, file_id) REFERENCES chat_file (org_id, id);
ALTER TABLE chat_messagelink
  ADD CONSTRAINT messagelink_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT messagelink_link_same_org FOREIGN KEY (org_id, link_id) REFERENCES chat_link (org_id, id);
ALTER TABLE chat_reminder
  ADD CONSTRAINT reminder_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT reminder_asker_same_org FOREIGN KEY (org_id, asked_by_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT reminder_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT reminder_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id);
ALTER TABLE chat_draft
  ADD CONSTRAINT draft_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT draft_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT draft_parent_same_org FOREIGN KEY (org_id, parent_id) REFERENCES chat_message (org_id, id);
ALTER TABLE chat_notice
  ADD CONSTRAINT notice_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT notice_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT notice_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id),
  ADD CONSTRAINT notice_actor_same_org FOREIGN KEY (org_id, actor_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE chat_note
  ADD CONSTRAINT note_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT note_changer_same_org FOREIGN KEY (org_id, changed_by_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT note_author_same_org FOREIGN KEY (org_id, author_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT note_message_same_org FOREIGN KEY (org_id, message_id) REFERENCES chat_message (org_id, id);
ALTER TABLE chat_obeyed
  ADD CONSTRAINT obeyed_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT obeyed_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id);
ALTER TABLE chat_passage
  ADD CONSTRAINT passage_asked_by_same_org FOREIGN KEY (org_id, asked_by_id) REFERENCES workspace_member (org_id, id);

-- Checkpoints rewrite the text of a growing answer once a second: room for it on the same page keeps them cheap.
ALTER TABLE chat_message SET (fillfactor = 90);
ALTER TABLE chat_reply SET (fillfactor = 80);
