// Says what was wrong with the last try, and skips the form for whoever is signed in already: a browser
// does not send the cookie with a link from elsewhere, such as one in a message about an alert.
const WORDS = {
  "#wrong": "This is not the operators' password.",
};
const said = document.getElementById("said");
if (WORDS[location.hash]) {
  said.textContent = WORDS[location.hash];
  said.hidden = false;
} else {
  fetch("/ops/api/dashboards").then((reply) => { if (reply.ok) location.replace("/ops/"); }, () => {});
}
