-- What a message is found by: its words as written and by their English stems, pairs of characters where a script has
-- no spaces, and marks that no text can hold (they begin with a control character): Space, author, whom it mentions,
-- what it carries, and when it was written, as day, week and quarter of a year.

CREATE INDEX words_by_vector ON chat_words USING gin (vector);
-- Long texts stand on the row's own page as long as they fit: the index finds, the row only confirms.
ALTER TABLE chat_words SET (autovacuum_vacuum_insert_scale_factor = 0.05);

-- Chinese, Japanese and Thai have no spaces between words: every character, and every pair of neighbours, is a word.
-- Taken apart once: substr() would walk from the beginning of the text for each.
CREATE FUNCTION chat_pairs(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN $1 ~ '[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]' THEN (
    SELECT array_agg(DISTINCT word COLLATE "C")
    FROM (
      SELECT sign, lead(sign, 1, ' ') OVER (ORDER BY place) AS next
      FROM string_to_table(
        regexp_replace($1, '[^\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+', ' ', 'g'), NULL
      ) WITH ORDINALITY AS signs(sign, place)
    ) neighbours
    CROSS JOIN LATERAL (VALUES (sign), (CASE WHEN next <> ' ' THEN sign || next END)) AS words(word)
    WHERE sign <> ' ' AND word IS NOT NULL
  ) ELSE '{}'::text[] END
$$;

-- The parser looks ahead to the end of a run of signs, or of a comment, from each place in it, and so needs a second for
-- ten thousand. It is given no run longer than 100; a run ends behind a sign that is no letter where there is one.
-- Full-width punctuation is a letter to the parser, and would join the words that it parts.
CREATE FUNCTION chat_broken(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN plain.words ~ '\S{101}' THEN regexp_replace(
    regexp_replace(plain.words, '\S{60,99}?[^[:alnum:]\s]', '\& ', 'g'), '\S{100}', '\& ', 'g'
  ) ELSE plain.words END
  FROM (
    SELECT translate(regexp_replace($1, '<(!--|style|script|\?xml)', ' \1', 'gi'), '，。、；：？！（）「」『』《》', '               ') AS words
  ) plain
$$;

-- An address is one word to the parser; people look for the words in it.
CREATE FUNCTION chat_address_words(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ' ' || coalesce(string_agg(translate(found[1], '/?=&._-#%+:', '           '), ' '), '')
  FROM regexp_matches($1, 'https?://(\S+)', 'gi') AS found
$$;

CREATE FUNCTION chat_days(timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT floor(extract(epoch FROM $1) / 86400)::integer
$$;

-- Writes the words of these messages afresh; those of deleted ones and of answers that still grow go.
CREATE FUNCTION chat_write_words(ids uuid[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM chat_words w USING chat_message m
  WHERE w.message_id = m.id AND m.id = ANY (ids) AND m.deleted_at IS NOT NULL;

  INSERT INTO chat_words (message_id, org_id, created_at, vector)
  SELECT m.id, m.org_id, m.created_at,
         to_tsvector('simple', parsed.words) || strip(to_tsvector('english', parsed.words))
         || array_to_tsvector(chat_pairs(said.words))
         || array_to_tsvector(array_remove(ARRAY[
              E'\x01o' || m.org_id, E'\x01s' || m.space_id, E'\x01u' || coalesce(m.author_id::text, 'a' || m.ai_model_id),
              E'\x01d' || chat_days(m.created_at), E'\x01w' || chat_days(m.created_at) / 7,
              E'\x01q' || chat_days(m.created_at) / 91,
              CASE WHEN m.text ~* 'https?://' THEN E'\x01hlink' END,
              CASE WHEN files.names IS NOT NULL THEN E'\x01hfile' END,
              CASE WHEN files.has_picture THEN E'\x01himage' END,
              CASE WHEN m.pinned_at IS NOT NULL THEN E'\x01hpin' END,
              CASE WHEN m.parent_id IS NOT NULL THEN E'\x01hthread' END
            ] || called.marks, NULL))
  FROM chat_message m
  CROSS JOIN LATERAL (
    SELECT array_agg(E'\x01m' || coalesce(c.member_id::text, 'a' || c.ai_model_id, c."group")) AS marks,
           string_agg(coalesce(p.display_name || ' ' || p.handle, a.name || ' ' || a.handle, ''), ' ') AS names
    FROM chat_mention c
    LEFT JOIN workspace_member p ON p.id = c.member_id
    LEFT JOIN catalog_aimodel a ON a.id = c.ai_model_id
    WHERE c.message_id = m.id
  ) called
  CROSS JOIN LATERAL (
    SELECT string_agg(f.name || ' ' || translate(f.name, '._-', '   '), ' ') AS names,
           bool_or(f.kind = 'image') AS has_picture
    FROM chat_attachment t JOIN chat_file f ON f.id = t.file_id WHERE t.message_id = m.id
  ) files
  CROSS JOIN LATERAL (
    SELECT left(regexp_replace(m.text, '<@[MAG]:[0-9a-z-]+>', ' ', 'g'), 40000)
           || CASE WHEN m.text ~* 'https?://' THEN chat_address_words(left(m.text, 40000)) ELSE '' END
           || ' ' || coalesce(called.names, '') || ' ' || coalesce(files.names, '') AS words
  ) said
  CROSS JOIN LATERAL (SELECT chat_broken(said.words) AS words OFFSET 0) parsed
  LEFT JOIN chat_reply r ON r.message_id = m.id
  WHERE m.id = ANY (ids) AND m.deleted_at IS NULL
    AND (m.text <> '' OR files.names IS NOT NULL) AND (r.id IS NULL OR r.ended_at IS NOT NULL)
  ON CONFLICT (message_id) DO UPDATE SET vector = excluded.vector, created_at = excluded.created_at;
$$;
