"""The kinds of edges that feed stores; all but the last start at a user."""

# To a post.
LIKE = "like"
SAVE = "save"
# To a comment.
COMMENT_LIKE = "comment_like"
# From a post to a tag.
TAG = "tag"
