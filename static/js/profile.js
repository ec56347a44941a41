// What the page of one's profile brings to life. Called by: templates/people/profile.html.
import "parley/elements/picture-upload";
import "parley/elements/zone-picker";
