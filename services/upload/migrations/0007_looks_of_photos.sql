-- How the owner wants a photo to look. While a post does not have it, what it was without any look
-- is kept in `plain` (width, height, thumbhash, renditions), and every look is drawn from that.
-- `edits` counts the looks: of two that are drawn at once only the newest is shown.
ALTER TABLE :schema.photo
    ADD COLUMN filter text,
    ADD COLUMN crop jsonb,
    ADD COLUMN plain jsonb,
    ADD COLUMN edits integer NOT NULL DEFAULT 0;
