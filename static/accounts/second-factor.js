// Says so on the page when the browser or the person turned a passkey down.
document.addEventListener('allauth.error', function (event) {
  event.preventDefault()
  document.getElementById('passkey-problem').hidden = false
})
