"""The kinds of edges that feed keeps: from a user, but for the last."""

# To a post.
LIKE = "like"
SAVE = "save"
# To a comment.
COMMENT_LIKE = "comment_like"
# From a post to a tag.
TAG = "tag"
