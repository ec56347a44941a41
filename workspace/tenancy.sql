-- References across organizations are refused by the database itself, and the audit trail only grows.
ALTER TABLE workspace_spacemember
  ADD CONSTRAINT spacemember_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT spacemember_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE workspace_formerviewer
  ADD CONSTRAINT formerviewer_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT formerviewer_member_same_org FOREIGN KEY (org_id, member_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE workspace_space
  ADD CONSTRAINT space_creator_same_org FOREIGN KEY (org_id, created_by_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE workspace_invitation
  ADD CONSTRAINT invitation_space_same_org FOREIGN KEY (org_id, space_id) REFERENCES workspace_space (org_id, id),
  ADD CONSTRAINT invitation_creator_same_org FOREIGN KEY (org_id, created_by_id) REFERENCES workspace_member (org_id, id);
ALTER TABLE workspace_auditline
  ADD CONSTRAINT auditline_actor_same_org FOREIGN KEY (org_id, actor_id) REFERENCES workspace_member (org_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER auditline_append_only BEFORE UPDATE OR DELETE ON workspace_auditline
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER auditline_never_emptied BEFORE TRUNCATE ON workspace_auditline
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whoever joins a Space begins at its end, however they came: what was said before is not "unread" to them.
CREATE FUNCTION begin_at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.read_position = 0 THEN
    SELECT revision INTO NEW.read_position FROM workspace_space WHERE id = NEW.space_id;
    NEW.read_position := COALESCE(NEW.read_position, 0);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER spacemember_begins_at_the_end BEFORE INSERT ON workspace_spacemember
  FOR EACH ROW EXECUTE FUNCTION begin_at_the_end();
