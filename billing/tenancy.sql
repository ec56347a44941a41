-- References across organizations are refused by the database itself.
ALTER TABLE billing_caprequest
  ADD CONSTRAINT caprequest_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id),
  ADD CONSTRAINT caprequest_answerer_same_org FOREIGN KEY (org_id, answered_by_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE billing_savedview
  ADD CONSTRAINT savedview_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id) ON DELETE CASCADE;
