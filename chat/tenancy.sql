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
  ADD CONSTRAINT reply_asker_same_org FOREIGN KEY (org_id, asked_by_id) REFERENCES workspace_member (org_id, id);

-- Checkpoints rewrite the text of a growing answer once a second: room for it on the same page keeps them cheap.
ALTER TABLE chat_message SET (fillfactor = 90);
ALTER TABLE chat_reply SET (fillfactor = 80);
