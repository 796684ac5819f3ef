/* Talks to security keys and passkeys on behalf of a page.
 *
 * A page loads this file beside a form of Zelos and calls the function that a node of the form names: on a click
 * (`onclickTrigger`) or at once (`onloadTrigger`). The function reads its question from the form, has the authenticator answer,
 * writes the answer into a hidden field and sends the form. There is no inline code and nothing is evaluated, so that a strict
 * Content-Security-Policy does not stand in its way.
 *
 * Events on `window`: `oryWebAuthnInitialized` once the functions are there; `oryWebAuthnError` with `detail.error` when an
 * authenticator did not answer. A page that shows the error itself calls `preventDefault()`.
 */
;(function () {
  'use strict'
  if (typeof window === 'undefined' || !window.PublicKeyCredential || window.__oryWebAuthnInitialized) return

  // -- bytes ---------------------------------------------------------------------------------------------------------------

  function toBytes(text) {
    var binary = window.atob(text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, ''))
    var bytes = new Uint8Array(binary.length)
    for (var i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    return bytes
  }

  function toText(buffer) {
    var bytes = new Uint8Array(buffer)
    var binary = ''
    for (var i = 0; i < bytes.length; i++) binary += String.fromCharCode(bytes[i])
    return window.btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  }

  function withKeyIds(list) {
    return list.map(function (key) {
      return Object.assign({}, key, { id: toBytes(key.id) })
    })
  }

  // -- questions -----------------------------------------------------------------------------------------------------------

  function creationQuestion(options) {
    var asked = Object.assign({}, options.publicKey)
    asked.challenge = toBytes(asked.challenge)
    asked.user = Object.assign({}, asked.user, { id: toBytes(asked.user.id) })
    if (asked.excludeCredentials) asked.excludeCredentials = withKeyIds(asked.excludeCredentials)
    return asked
  }

  function assertionQuestion(options) {
    var asked = Object.assign({}, options.publicKey)
    asked.challenge = toBytes(asked.challenge)
    if (asked.allowCredentials) asked.allowCredentials = withKeyIds(asked.allowCredentials)
    return asked
  }

  // -- answers -------------------------------------------------------------------------------------------------------------

  function createdKey(credential) {
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response: {
        attestationObject: toText(credential.response.attestationObject),
        clientDataJSON: toText(credential.response.clientDataJSON),
      },
    }
  }

  function usedKey(credential) {
    var response = credential.response
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response: {
        authenticatorData: toText(response.authenticatorData),
        clientDataJSON: toText(response.clientDataJSON),
        signature: toText(response.signature),
        userHandle: response.userHandle ? toText(response.userHandle) : '',
      },
    }
  }

  // -- the page ------------------------------------------------------------------------------------------------------------

  function find(selector) {
    return document.querySelector(selector)
  }

  function named(name) {
    return find('[name="' + name.replace(/["\\]/g, '\\$&') + '"]')
  }

  function optionsIn(element) {
    return element && element.value ? JSON.parse(element.value) : undefined
  }

  function send(field, answer) {
    field.value = JSON.stringify(answer)
    var form = field.form || field.closest('form')
    // A field called "submit" would hide the form's own function.
    if (form) HTMLFormElement.prototype.submit.call(form)
  }

  function report(error) {
    var event = new CustomEvent('oryWebAuthnError', { cancelable: true, detail: { error: error } })
    if (!window.dispatchEvent(event)) return
    // Whoever closed the dialog knows that they did.
    if (error && (error.name === 'NotAllowedError' || error.name === 'AbortError')) return
    window.alert((error && error.message) || String(error))
  }

  function attempt(work) {
    return Promise.resolve().then(work)
  }

  // -- security keys -------------------------------------------------------------------------------------------------------

  function oryWebAuthnRegistration(options, resultSelector, triggerSelector) {
    return attempt(function () {
      var field = find(resultSelector || '[name="webauthn_register"]')
      var asked = options || optionsIn(find(triggerSelector || '[name="webauthn_register_trigger"]'))
      if (!field || !asked) return undefined
      return navigator.credentials.create({ publicKey: creationQuestion(asked) }).then(function (credential) {
        send(field, createdKey(credential))
      })
    }).catch(report)
  }

  function oryWebAuthnLogin(options, resultSelector, triggerSelector) {
    return attempt(function () {
      var field = find(resultSelector || '[name="webauthn_login"]')
      var asked = options || optionsIn(find(triggerSelector || '[name="webauthn_login_trigger"]'))
      if (!field || !asked) return undefined
      stopAutofill()
      return navigator.credentials.get({ publicKey: assertionQuestion(asked) }).then(function (credential) {
        send(field, usedKey(credential))
      })
    }).catch(report)
  }

  // -- passkeys ------------------------------------------------------------------------------------------------------------

  /** The first of the fields that is filled in names the passkey. */
  function passkeyName(data) {
    var fields = (data.displayNameFieldNames || [data.displayNameFieldName]).map(named).filter(Boolean)
    var filled = fields.filter(function (field) {
      return field.value
    })
    if (filled.length > 0) return filled[0].value
    // Nothing is made for somebody who has yet to say who they are.
    if (fields.length > 0 && !fields[0].checkValidity()) {
      fields[0].reportValidity()
      return undefined
    }
    return data.credentialOptions.publicKey.user.name
  }

  function oryPasskeyRegistration() {
    return attempt(function () {
      var field = named('passkey_register')
      var data = optionsIn(named('passkey_create_data'))
      var name = field && data ? passkeyName(data) : undefined
      if (name === undefined) return undefined
      var asked = creationQuestion(data.credentialOptions)
      asked.user.name = name
      asked.user.displayName = name
      return navigator.credentials.create({ publicKey: asked }).then(function (credential) {
        send(field, createdKey(credential))
      })
    }).catch(report)
  }

  function oryPasskeySettingsRegistration() {
    return attempt(function () {
      var field = named('passkey_settings_register')
      var asked = optionsIn(named('passkey_create_data'))
      if (!field || !asked) return undefined
      return navigator.credentials.create({ publicKey: creationQuestion(asked) }).then(function (credential) {
        send(field, createdKey(credential))
      })
    }).catch(report)
  }

  function stopAutofill() {
    if (window.abortPasskeyConditionalUI) {
      window.abortPasskeyConditionalUI.abort()
      window.abortPasskeyConditionalUI = undefined
    }
  }

  function oryPasskeyLogin() {
    return attempt(function () {
      var field = named('passkey_login')
      var asked = optionsIn(named('passkey_challenge'))
      if (!field || !asked) return undefined
      var wasOffered = Boolean(window.abortPasskeyConditionalUI)
      stopAutofill()
      return navigator.credentials.get({ publicKey: assertionQuestion(asked) }).then(
        function (credential) {
          send(field, usedKey(credential))
        },
        function (error) {
          report(error)
          if (wasOffered) return oryPasskeyLoginAutocompleteInit()
          return undefined
        },
      )
    }).catch(report)
  }

  /** Offers passkeys among what the browser fills into the field for the identifier. */
  async function oryPasskeyLoginAutocompleteInit() {
    // Browsers under test would wait for a person.
    if (window.Cypress) return
    var field = named('passkey_login')
    var identifier = named('identifier')
    var asked = optionsIn(named('passkey_challenge'))
    var isAvailable = window.PublicKeyCredential.isConditionalMediationAvailable
    if (!field || !identifier || identifier.type === 'hidden' || !asked || !isAvailable) return
    if (!(await isAvailable.call(window.PublicKeyCredential))) return
    stopAutofill()
    var abort = new AbortController()
    window.abortPasskeyConditionalUI = abort
    try {
      var question = { publicKey: assertionQuestion(asked), mediation: 'conditional', signal: abort.signal }
      send(field, usedKey(await navigator.credentials.get(question)))
    } catch (error) {
      if (window.abortPasskeyConditionalUI === abort) window.abortPasskeyConditionalUI = undefined
      // Nobody has asked for anything yet, so nobody needs to hear that it did not work.
      if (!abort.signal.aborted) console.debug('Passkeys cannot be offered for this field.', error)
    }
  }

  var functions = {
    oryWebAuthnRegistration: oryWebAuthnRegistration,
    oryWebAuthnLogin: oryWebAuthnLogin,
    oryPasskeyRegistration: oryPasskeyRegistration,
    oryPasskeySettingsRegistration: oryPasskeySettingsRegistration,
    oryPasskeyLogin: oryPasskeyLogin,
    oryPasskeyLoginAutocompleteInit: oryPasskeyLoginAutocompleteInit,
  }
  Object.keys(functions).forEach(function (name) {
    window[name] = functions[name]
    window['__' + name] = functions[name]
  })
  window.__oryWebAuthnInitialized = true
  window.dispatchEvent(new Event('oryWebAuthnInitialized'))
})()
